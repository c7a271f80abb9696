"""A starter folder: one's own feeder hung on a transmission network, ready to be edited."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.cases.folder.write import write_case
from gridtandem.cases.generate import feeder_load, interfaces, root_of
from gridtandem.cases.library import entries, known_names, network_of
from gridtandem.cases.phase_case import is_phase_case, phase_case, plain_network
from gridtandem.errors import UnknownName
from gridtandem.grid.network import Network


def new_case(
    path: str | Path, *, transmission: str | Network, feeder: str | Network, at: Sequence[str], count: int = 1, name: str | None = None
) -> Case:
    """Write a case folder with ``count`` parallel feeders at each transmission bus of ``at``, and return the case.

    The feeder's reference bus becomes its root. An OpenDSS file, or a three-phase feeder with devices, hangs there phase by phase where it is
    not balanced. Loads of transmission stay as they are; the feeders come on top of them.
    """
    phases = isinstance(feeder, str) and is_phase_case(feeder)
    net, model = network_of(transmission), plain_network(phase_case(str(feeder))) if phases else network_of(feeder)
    row = {bus: k for k, bus in enumerate(net.buses.name.tolist())}
    for bus in at:
        if bus not in row:
            raise UnknownName(f"bus of {net.name!r}", bus, list(row))
    size = len(at)
    table = interfaces(
        at,
        np.zeros(size, np.int64),
        [root_of(model)] * size,
        np.array([row[b] for b in at], np.int64),
        count=np.full(size, count),
        scale=np.ones(size),
    )
    note = (
        f"The feeders ({feeder_load(model).real:,.4g} MW each) come on top of the loads of transmission; "
        "take those down in tso/loads.csv where they stand for the same customers."
    )
    told = entries().get(known_names().get(transmission, "")) if isinstance(transmission, str) else None
    case = Case(
        name=name or Path(path).name, title=f"{model.name} on {net.name}", transmission=net, models=(model,), interfaces=table,
        source=told.source if told else "", licence=told.licence if told else "", notes=(note, *model.notes) if phases else (note,),
    )  # fmt: skip
    write_case(case, path)
    return case
