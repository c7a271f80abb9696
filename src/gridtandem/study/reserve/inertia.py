"""Inertia and the largest loss of each hour of a day, from a small unit commitment; and whether any reserve there is could bear that loss."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, final

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.cases.folder.csv_text import parsed
from gridtandem.cases.named import case as named
from gridtandem.cases.text_file import read_text
from gridtandem.errors import Fault, InvalidCase
from gridtandem.frequency.commitment import Commitment, Committed, Plants, inertia_of
from gridtandem.frequency.security import ROUNDING, Inertia, Security, hours_wrong
from gridtandem.frequency.transmission import SecureTransmission
from gridtandem.grid.nodal import Nodal
from gridtandem.opf.fast_reserve import UP
from gridtandem.program.answer import Status
from gridtandem.resources.day import faults as resource_faults
from gridtandem.resources.day import loads
from gridtandem.resources.part import Window
from gridtandem.tables import Flag, Index, Names, Real, Table, column

DAY, DROOP = 24, 0.05
FELT = 1e-3  # MW; less is not told as not served


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class InertiaHours(Table):
    """What runs in each hour, what its largest loss would take, and what it asks for."""

    kind: ClassVar[str] = "inertia_hours"
    hour: Index = column("hour, counted from 1", dtype="i8")
    plants: Index = column("plants that run", dtype="i8")
    lost: Names = column("plant with the unit that goes out", dtype="U")
    loss_mw: Real = column("power that is lost", unit="MW")
    inertia_mws: Real = column("energy of the masses that keep turning", unit="MW·s")
    rocof_hz_per_s: Real = column("rate of change at the first moment", unit="Hz/s")
    needed_mw: Real = column("primary reserve that is needed, without fast reserve", unit="MW")
    there_mw: Real = column("most primary reserve that plants which run, but for the one that loses a unit, could keep", unit="MW")


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CommittedInertia:
    """The hours, as `joint_reserve` and ``--inertia`` take them (``table``), and what to beware of."""

    case: Case
    table: Inertia
    hours: InertiaHours
    plants: Plants
    made: Committed
    cost: float  # of energy and starts [currency]
    trouble: tuple[str, ...]

    def __repr__(self) -> str:
        h = self.hours
        if not len(h):
            return f"Inertia of {self.case.name}: none; {'; '.join(self.trouble)}"
        lines = [
            f"Inertia of {self.case.name} as committed, {len(h)} h",
            f"  cost      {self.cost:,.2f} {self.case.currency} of energy and starts",
            f"  runs      {h.plants.min()} to {h.plants.max()} of {len(self.plants)} plants",
            f"  inertia   {h.inertia_mws.min():,.0f} to {h.inertia_mws.max():,.0f} MW·s without the unit that goes out",
            f"  loss      {h.loss_mw.min():,.2f} to {h.loss_mw.max():,.2f} MW",
        ]
        return "\n".join([*lines, *(f"  beware    {word}" for word in self.trouble)])


def committed_inertia(
    given: Case | str | Path, *, plants: Plants | str | Path | None = None, loss_mw: float | None = None, hours: int = DAY, first_hour: int = 1,
    security: Security | None = None,
) -> CommittedInertia:  # fmt: skip
    """Inertia of each hour without its largest unit, and that unit's output, where plants are committed at least cost.

    ``plants`` is a table or a CSV file with the columns of `gridtandem.frequency.commitment.Plants`; cases on the RTS market have one of their own.
    Feeders draw what their loads do. ``loss_mw`` is lost in place of what the unit gives. Reserve that is there: offers of regulation up where
    transmission has some, and no more than a droop of 5 % gives at the lowest frequency.
    """
    case = given if isinstance(given, Case) else named(given)
    window, made_of = Window(first=first_hour - 1, periods=hours), _plants(case, plants)
    asked = security or Security()
    if found := [*case.faults(), *asked.own_faults(), *_faults(case, window, loss_mw)]:
        raise InvalidCase(found)
    transmission = SecureTransmission.of(case.transmission, case.interfaces.bus, window)
    problem = Commitment(transmission=transmission, given=_drawn(case, window), plants=made_of)
    made = problem.solve()
    if made.answer.status is not Status.SOLVED:
        words, empty = (f"no commitment: {made.answer.status.value}",), InertiaHours.empty()
        return CommittedInertia(case=case, table=Inertia.empty(), hours=empty, plants=made_of, made=made, cost=np.nan, trouble=words)
    table = inertia_of(made_of, made, first_hour, loss_mw)
    if found := [f.at(case.name) for f in hours_wrong(table)]:
        raise InvalidCase(found)
    told = InertiaHours(
        hour=table.hour, plants=made.on.sum(1), lost=table.lost, loss_mw=table.loss_mw, inertia_mws=table.inertia_mws,
        rocof_hz_per_s=asked.rocof(table.inertia_mws, table.loss_mw),
        needed_mw=asked.needed(table.inertia_mws, table.loss_mw, np.zeros((len(table), len(asked.fast)))),
        there_mw=_there(problem, made, table, asked),
    )  # fmt: skip
    trouble = tuple(_trouble(told, asked, made))
    return CommittedInertia(case=case, table=table, hours=told, plants=made_of, made=made, cost=made.answer.cost, trouble=trouble)


def _plants(case: Case, given: Plants | str | Path | None) -> Plants:
    if isinstance(given, Plants):
        return given
    if given is not None:
        read = parsed(Plants, read_text(Path(given), "a CSV file with columns name, energy_mws, units, least_mw, …"), {})
        if found := [*read.faults, *read.news(read.table.faults())]:
            raise InvalidCase([f.at(Path(given).name) for f in found])
        return read.table
    from gridtandem.cases.rts24_units import station_units

    own = Plants.of(station_units())
    if not set(own.name.tolist()) <= set(case.transmission.generators.name.tolist()):
        mend = "give a table of plants, or a CSV file with name, energy_mws, units, least_mw, up_h, down_h, start_cost and before_h"
        raise InvalidCase([Fault("plants", "are not given", mend, "frequency-076", place=case.name)])
    return own


def _faults(case: Case, window: Window, loss_mw: float | None) -> Iterator[Fault]:
    if window.first < 0 or window.periods < 1:
        yield Fault("study", f"are {window.periods} from {window.first + 1}", "give 1 or more, from 1 on", "frequency-077", column="hours")
        return
    if loss_mw is not None and not 0 < loss_mw < np.inf:
        yield Fault("study", f"is {loss_mw:g}", "give the power that is lost, above 0 MW", "frequency-078", column="loss_mw")
    yield from (f.at(case.transmission.name) for f in resource_faults(case.transmission, window.end, source=True))


def _drawn(case: Case, window: Window) -> Real:
    """What feeders draw (period, interface): their loads, without losses and without anything that they own. [MW]"""
    links = case.interfaces
    out = np.zeros((window.periods, len(links)))
    for k, (model, count, scale) in enumerate(zip(links.model.tolist(), links.count.tolist(), links.scale.tolist(), strict=True)):
        net = case.models[model]
        nodal = Nodal.of(net)
        out[:, k] = count * scale * loads(net, nodal.node, nodal.nodes, window)[0].sum(-1)
    return out


def _there(problem: Commitment, made: Committed, table: Inertia, security: Security) -> Real:
    """Most primary reserve (period) of what runs. [MW]"""
    units, regulators, lim = problem.transmission.network.generators, problem.transmission.regulators, security.limits
    most = units.p_high_mw[problem.row] * min(lim.nadir_hz / lim.f0_hz / DROOP, 1.0)
    each = np.broadcast_to(most, made.on.shape)
    if len(regulators.row):
        offered = np.zeros((len(made.on), len(units)))
        offered[:, regulators.row] = regulators.columns[UP].high
        each = np.minimum(each, offered[:, problem.row])
    runs: Flag = made.on & (problem.plants.name[None, :] != table.lost[:, None])
    return np.asarray((runs * each).sum(1))


def _trouble(told: InertiaHours, security: Security, made: Committed) -> Iterator[str]:
    lim = security.limits
    many = len(told)
    beyond = np.flatnonzero(told.needed_mw > told.there_mw * (1 + ROUNDING))
    if len(beyond):
        k = int(beyond[np.argmax((told.needed_mw - told.there_mw)[beyond])])
        yield (
            f"hour {told.hour[k]} without {told.lost[k]}: a loss of {told.loss_mw[k]:,.2f} MW asks for {told.needed_mw[k]:,.2f} MW of primary "
            f"reserve, and there are {told.there_mw[k]:,.2f}; so it is in {len(beyond)} of {many} hours"
        )
    fast = np.flatnonzero(told.rocof_hz_per_s > lim.rocof_hz_per_s * (1 + ROUNDING))
    if len(fast):
        k = int(fast[np.argmax(told.rocof_hz_per_s[fast])])
        yield (
            f"hour {told.hour[k]} without {told.lost[k]}: frequency falls by {told.rocof_hz_per_s[k]:.4g} Hz/s at first, more than "
            f"{lim.rocof_hz_per_s:g}; so it is in {len(fast)} of {many} hours"
        )
    short = np.flatnonzero(made.shed > FELT)
    if len(short):
        k = int(np.argmax(made.shed))
        yield f"hour {told.hour[k]}: {made.shed[k]:,.2f} MW of demand are not served; so it is in {len(short)} of {many} hours"
