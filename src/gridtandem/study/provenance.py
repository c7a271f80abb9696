"""The birth certificate of a result."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("gridtandem", "numpy", "scipy")


def provenance() -> dict[str, str]:
    """Versions of everything that can change a bit."""
    out = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            out[name] = version(name)
        except PackageNotFoundError:
            out[name] = "not installed as a package"
    return out
