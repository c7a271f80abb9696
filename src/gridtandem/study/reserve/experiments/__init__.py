"""Experiments of energy and reserve, one small file each: what is varied, what is held, and how it is carried out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from gridtandem.errors import UnknownName

if TYPE_CHECKING:
    from gridtandem.study.reserve.experiment import ReserveExperiment

FILES = {  # name: (file, one line)
    "reserve-inertia": ("inertia", "primary reserve of an hour by the energy of turning masses"),
    "fast-reserve-value": ("value", "what fast reserve replaces and saves, by its amount and speed"),
    "reserve-feeder-limits": ("limits", "what feeders sell with their networks and without, and what a load flow says of it"),
    "reserve-scaling": ("scaling", "time and gap of an hour by the number of feeders, in two systems"),
    "reserve-nadir": ("nadir", "lowest frequency of each hour, as promised and with governors"),
    "reserve-loss-penalty": ("loss_penalty", "penalties on losses of one feeder: when they are needed, and what they distort"),
    "reserve-strategy": ("strategy", "everybody together, companies that lead, and price takers, hour by hour"),
    "reserve-price-ratio": ("price_ratio", "prices of fast and primary reserve against what one replaces of the other"),
}


def experiment_named(name: str) -> ReserveExperiment:
    """An experiment by name."""
    if name not in FILES:
        raise UnknownName("experiment", name, list(FILES))
    found: ReserveExperiment = import_module(f"{__name__}.{FILES[name][0]}").EXPERIMENT
    return found
