"""Where and with what was measured."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("gridtandem", "numpy", "scipy", "numba", "lightsim2grid", "power-grid-model")
BEHIND = {
    "lightsim2grid": "lightsim2grid",
    "PGM": "power-grid-model",
    "pandapower": "pandapower",
    "ppopt": "ppopt",
    "ANDES": "andes",
    "CasADi": "casadi",
    "Ipopt": "casadi",  # which brings it
}  # which package a contender is, by its first word


def installed(contender: str) -> str:
    """Version of the package behind a contender; ours, where it is none of the peers."""
    word = contender.split()[0].rstrip(",")
    if word == "bare":
        return platform.python_version()
    return _version(BEHIND.get(word, "gridtandem"))


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def machine() -> dict[str, object]:
    """All that a figure depends on, and the load that others put on the machine when the run began."""
    here = {"machine": platform.machine(), "processor": processor(), "system": platform.system(), "python": platform.python_version()}
    load = [round(x, 2) for x in os.getloadavg()] if hasattr(os, "getloadavg") else []
    packages = {name: _version(name) for name in PACKAGES}
    return {"date": datetime.now(UTC).isoformat(timespec="seconds"), **here, "cores": processors(), "load": load, "threads": 1, "packages": packages}


def sentence(facts: dict[str, object]) -> str:
    """The same as a line."""
    packages = facts["packages"]
    assert isinstance(packages, dict)
    load = ", ".join(map(str, facts["load"])) if isinstance(facts["load"], list) else ""
    with_ = ", ".join(f"{name} {number}" for name, number in packages.items())
    return (
        f"{facts['date']}; {facts['processor']} ({facts['machine']}), {facts['cores']} cores, load average {load}; {facts['system']}, "
        f"Python {facts['python']}; {with_}; {facts['threads']} thread"
    )


def processor() -> str:
    """Its name, as far as the system tells."""
    told = Path("/proc/cpuinfo")
    if told.is_file():
        for line in told.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown processor"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
