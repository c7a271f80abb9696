"""The birth certificate of a result: what it was made with, and the name of what was asked."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from gridtandem.boundary.wire import text

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


def digest_of(*about: str, settings: Mapping[str, object]) -> str:
    """SHA-256 of what it is about, by words and digests, and of settings in their order; equal digests give equal results."""
    return hashlib.sha256("\n".join((*about, *(f"{name}={text(value)}" for name, value in settings.items()))).encode()).hexdigest()
