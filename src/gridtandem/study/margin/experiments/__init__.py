"""Experiments of voltage security, one small file each: what is varied, what is held, and the trials."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from gridtandem.errors import UnknownName

if TYPE_CHECKING:
    from gridtandem.study.margin.experiment import Experiment

FILES = {  # name: (file, one line)
    "load-exponents": ("load_exponents", "exponents of feeder loads, from constant power to (2, 3)"),
    "line-ratio": ("line_ratio", "R/X of feeder lines, with X, R or |z| held"),
    "unit-place": ("unit_place", "where in a feeder a unit of 1 MW stands"),
    "renewables": ("renewables", "share of renewables, and their reactive support"),
    "tap-changer": ("tap_changer", "tap changers before feeders: free, or fixed"),
    "transformer": ("transformer", "interconnecting transformers before feeders, or none"),
}


def experiment_named(name: str) -> Experiment:
    """An experiment by name."""
    if name not in FILES:
        raise UnknownName("experiment", name, list(FILES))
    found: Experiment = import_module(f"{__name__}.{FILES[name][0]}").EXPERIMENT
    return found
