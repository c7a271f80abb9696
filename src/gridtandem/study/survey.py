"""What the parties' plans of many scenarios come to: losses, worst voltages, flows against ratings. One grid laid out once, then rows of voltages.

Transmission comes first, then one feeder behind each interface (of parallel ones: one, whose losses count as often). Roots of feeders are
transmission's buses and are not looked at twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.cases.join import bundle
from gridtandem.flow.feeders import Feeders
from gridtandem.grid.nodal import Nodal
from gridtandem.kernels import kernel
from gridtandem.study.judge import EDGE
from gridtandem.study.study import Seats
from gridtandem.tables import Complex, Flag, Index, Names, Real
from gridtandem.units import MVA

SWEEPS = 400  # as in `gridtandem.flow.feeders`


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Layout:
    """All nodes and branches side by side. [per unit]"""

    parts: tuple[Nodal, ...]  # transmission, then one per interface
    company: tuple[str, ...]
    feeder: tuple[str, ...]  # empty for transmission
    first_node: Index  # (part + 1)
    first_branch: Index
    start: Index
    end: Index
    y: Complex
    half: Complex
    ratio: Complex  # unless a tap changer moves
    rating: Real
    weight: Real  # parallel feeders
    low: Real  # limits
    high: Real
    counted: Flag  # all but the roots of feeders
    load: tuple[Index, Real]  # of transmission: node; law of active power, see `gridtandem.flow.kernels_survey.demand`

    @staticmethod
    def of(case: Case) -> Layout:
        """The grids of a case."""
        table, t = case.interfaces, Nodal.of(case.transmission)
        model = {m: Nodal.of(bundle(case.models[m])) for m in sorted(set(table.model.tolist()))}
        nodals = [t, *(model[m] for m in table.model.tolist())]
        count = np.concatenate([[1], table.count])
        first = np.cumsum([0, *(n.nodes for n in nodals)])
        first_branch = np.cumsum([0, *(len(n.branches.z) for n in nodals)])
        counted = np.ones(int(first[-1]), bool)
        counted[first[1:-1] + np.array([model[m].node[r] for m, r in zip(table.model.tolist(), table.root.tolist(), strict=True)], np.int64)] = False
        limits, law = [_limits(n) for n in nodals], t.loads
        return Layout(
            parts=tuple(nodals), company=("tso", *table.company.tolist()), feeder=("", *table.feeder.tolist()), first_node=first,
            first_branch=first_branch, start=np.concatenate([n.branches.start + a for n, a in zip(nodals, first, strict=False)]),
            end=np.concatenate([n.branches.end + a for n, a in zip(nodals, first, strict=False)]),
            y=np.concatenate([1 / n.branches.z for n in nodals]), half=np.concatenate([0.5j * n.branches.b for n in nodals]),
            ratio=np.concatenate([n.branches.ratio for n in nodals]),
            rating=np.concatenate([_ratings(n) for n in nodals]) / MVA, weight=np.repeat(count.astype(float), np.diff(first_branch)),
            low=np.concatenate([a for a, _ in limits]), high=np.concatenate([b for _, b in limits]), counted=counted,
            load=(law.node, np.stack([law.s.real, law.exponent[:, 0], law.z_share[:, 0], law.i_share[:, 0], law.v0], -1)),
        )  # fmt: skip

    @property
    def nodes(self) -> int:
        """How many, those of transmission included."""
        return int(self.first_node[-1])

    def buses(self) -> tuple[Names, Names, Names]:
        """Company, feeder and name of every node."""
        return (*self._whose(self.first_node), np.concatenate([n.label for n in self.parts]))

    def branches(self) -> tuple[Names, Names, Names, Names]:
        """Company, feeder, kind of element and name of every branch."""
        found = [_named(n) for n in self.parts]
        return (*self._whose(self.first_branch), np.concatenate([k for k, _ in found]), np.concatenate([n for _, n in found]))

    def _whose(self, first: Index) -> tuple[Names, Names]:
        size = np.diff(first)
        return np.repeat(np.array(self.company, str), size), np.repeat(np.array(self.feeder, str), size)


@final
@dataclass(slots=True, eq=False, kw_only=True)
class Extremes:
    """The worst of every branch and node over all scenarios so far; −1: none yet."""

    worst: Real  # (branch) flow over rating
    worst_at: Index
    above: Index  # (branch) scenarios in which its rating is broken
    lowest: Real  # (node) |V|
    lowest_at: Index
    highest: Real
    highest_at: Index

    @staticmethod
    def none(layout: Layout) -> Extremes:
        """Of no scenario."""
        b, n = len(layout.y), layout.nodes
        nowhere, nobody = np.full(b, -1), np.full(n, -1)
        return Extremes(
            worst=np.full(b, -np.inf), worst_at=nowhere, above=np.zeros(b, np.int64), lowest=np.full(n, np.inf), lowest_at=nobody.copy(),
            highest=np.full(n, -np.inf), highest_at=nobody.copy(),
        )  # fmt: skip


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Voltages:
    """Of many scenarios over the whole layout."""

    v: Complex  # (row, node); a feeder's in its own frame of angles
    ratio: Complex  # (…, branch)
    ratio_of: Index  # (row) which of them
    ok: Flag  # (row)


def voltages(layout: Layout, seats: Seats, tso: tuple[Complex, Sequence[Complex | None]], v: Real, loading: Real) -> Voltages:
    """Node voltages for those of transmission (row, node), with its ratios where they moved, and for voltages and loadings (row, interface) of
    feeders. Whose scenarios the seats are in does not matter.
    """
    out = np.full((len(v), layout.nodes), np.nan, np.complex128)
    out[:, : layout.first_node[1]] = tso[0]
    ratios, ratio_of, own = [layout.ratio], np.zeros(len(v), np.int64), int(layout.first_branch[1])
    moved = {r: np.concatenate([ratio, layout.ratio[own:]]) for r, ratio in enumerate(tso[1]) if ratio is not None}
    _feeders(layout, seats.everybody.feeders, v, loading, out=(out, moved))
    for r, ratio in sorted(moved.items()):
        ratio_of[r] = len(ratios)
        ratios.append(ratio)
    return Voltages(v=out, ratio=np.array(ratios), ratio_of=ratio_of, ok=np.asarray(np.isfinite(out.view(np.float64)).all(axis=1)))


def _feeders(layout: Layout, feeders: Feeders, v: Real, loading: Real, *, out: tuple[Complex, dict[int, Complex]]) -> None:
    """Sweep what can be swept, all rows at once; solve the others one by one."""
    (whole, moved), first, first_branch = out, layout.first_node[1:], layout.first_branch[1:]
    done = np.zeros(v.shape, bool)
    if feeders.ready is not None:
        at = feeders.swept
        found = feeders.ready.sweep(v[:, at], loading[:, at], sweeps=SWEEPS, slope=False)
        whole[:, feeders.node + np.repeat(first[at], np.diff(feeders.ready.start))] = found.v
        done[:, at] = found.ok
    for r in np.flatnonzero(~done.all(axis=1) & np.isfinite(v).all(axis=1)).tolist():
        states = feeders.states(v[r].astype(np.complex128), loading[r])
        for k in np.flatnonzero(~done[r]).tolist():
            whole[r, first[k] : first[k] + len(states[k].v)] = states[k].v
            moved.setdefault(r, layout.ratio.copy())[first_branch[k] : first_branch[k] + len(states[k].ratio)] = states[k].ratio


def surveyed(
    layout: Layout, seen: Voltages, extremes: Extremes, *, number: Index, opened: Sequence[Index], loading: Real
) -> tuple[Real, Index]:  # fmt: skip
    """Figures and places of each row, see `gridtandem.flow.kernels_survey.survey`; ``extremes`` grow."""
    rows, places = np.full((len(number), 6), np.nan), np.full((len(number), 4), -1)
    first_open = np.cumsum([0, *map(len, opened)])
    e, n = extremes, layout
    kernel("flow.kernels_survey", "survey")(
        seen.ok, number, seen.v, seen.ratio, seen.ratio_of, np.concatenate([np.empty(0, np.int64), *opened]), first_open, loading,
        n.start, n.end, n.y, n.half, n.rating, n.weight, int(n.first_branch[1]), *n.load, n.counted, n.low, n.high, EDGE, rows, places,
        e.worst, e.worst_at, e.above, e.lowest, e.lowest_at, e.highest, e.highest_at,
    )  # fmt: skip
    return rows, places


def magnitudes(v: Complex) -> Real:
    """Of many voltages, in the same rounding however many they are."""
    return np.asarray(np.sqrt(v.real * v.real + v.imag * v.imag), np.float64)


def _limits(nodal: Nodal) -> tuple[Real, Real]:
    """The tightest of the buses that make a node."""
    buses, low, high = nodal.network.buses, np.zeros(nodal.nodes), np.full(nodal.nodes, np.inf)
    live = np.flatnonzero(nodal.node >= 0)
    np.maximum.at(low, nodal.node[live], buses.v_low_pu[live])
    np.minimum.at(high, nodal.node[live], buses.v_high_pu[live])
    return low, high


def _ratings(nodal: Nodal) -> Real:
    net, rows = nodal.network, _rows(nodal)
    return np.concatenate([net.lines.rating_mva[rows[0]], net.transformers.rating_mva[rows[1]]])


def _named(nodal: Nodal) -> tuple[Names, Names]:
    net, rows = nodal.network, _rows(nodal)
    kind = np.repeat(np.array(["line", "transformer"]), [len(rows[0]), len(rows[1])])
    return kind, np.concatenate([net.lines.name[rows[0]], net.transformers.name[rows[1]]])


def _rows(nodal: Nodal) -> tuple[Index, Index]:
    """Rows of lines and of transformers in service; lines come first."""
    return nodal.branches.row[nodal.branches.kind == 0], nodal.branches.row[nodal.branches.kind == 1]
