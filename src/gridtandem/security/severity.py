r"""Performance indices of states of one grid.

.. math::
    \mathrm{PI}_P = \sum_l \frac{1}{2n} \left(\frac{P_l}{P_l^{\max}}\right)^{2n}, \qquad
    \mathrm{PI}_V = \sum_i \frac{1}{2n} \left(\frac{|V_i| - V_i^m}{\Delta V_i}\right)^{2n}, \qquad \mathrm{PI} = \mathrm{PI}_P + \mathrm{PI}_V

over branches that have a rating and nodes that have voltage limits, all of weight 1, with :math:`V^m` the middle of the limits and
:math:`\Delta V` half their distance, so that one element at its limit counts :math:`1/(2n)`. With n = 1 many moderate loadings can hide one
overload, with n = 2 less so: both are told. Source: G. C. Ejebe and B. F. Wollenberg, "Automatic contingency selection", IEEE Trans. PAS-98
(1979) 97; the limits in the place of a specified voltage are our choice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Literal, final

import numpy as np

from gridtandem.errors import Fault
from gridtandem.flow.sweep import processors, shared_out
from gridtandem.grid.nodal import Nodal
from gridtandem.kernels import kernel
from gridtandem.tables import Complex, Index, Real
from gridtandem.units import MVA

Rule = Literal["case", "base"]
RULES = ("case", "base")
AT_ONCE = 8  # states that a thread takes in one go: their flows stay in its cache
BASE_FACTOR, LEAST_MVA = 1.25, 15.0  # of rule "base"


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Yardstick:
    """What flows and voltages are measured by. [per unit]"""

    rating: Real  # (branch); inf: none
    middle: Real  # (node)
    half: Real  # (node); inf: no limits

    @property
    def rated(self) -> int:
        """Branches that have a rating."""
        return int(np.isfinite(self.rating).sum())

    @property
    def limited(self) -> int:
        """Nodes that have voltage limits."""
        return int(np.isfinite(self.half).sum())


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Severity:
    """Of many states; NaN where there is none."""

    flow: Real  # (row, [n = 1, n = 2]) PI_P
    voltage: Real  # (row, [n = 1, n = 2]) PI_V; 0 from a DC network
    loading: Real  # (row) largest active flow over its rating
    branch: Index  # (row) where; −1: nowhere
    low: Real  # (row) lowest voltage
    low_at: Index  # (row) its node
    high: Real
    high_at: Index


def ratings(nodal: Nodal) -> Real:
    """Rating of each branch in service; inf: none. [per unit]"""
    net, br = nodal.network, nodal.branches
    out = np.empty(len(br.z))
    for kind, rating in enumerate((net.lines.rating_mva, net.transformers.rating_mva)):
        rows = br.kind == kind
        out[rows] = rating[br.row[rows]]
    return out / MVA


def rating_faults(nodal: Nodal, rule: str) -> Iterator[Fault]:
    """A rule that is none; and branches without a rating, which say nothing of how loaded they are."""
    if rule not in RULES:
        yield Fault("contingency", f"is {rule!r}", "it can be case or base", "outage-008", column="ratings")
        return
    bare = int((~np.isfinite(ratings(nodal))).sum())
    if rule == "case" and bare:
        what = f"{bare:,} of {len(nodal.branches.z):,} branches in service have no rating, and the performance index is of flows over ratings"
        mend = (
            f"give them a rating_mva, or take ratings = base: {BASE_FACTOR:g} times the apparent power before any outage, at least {LEAST_MVA:g} MVA"
        )
        yield Fault("branches", what, mend, "outage-009", column="rating_mva", place=nodal.name)


def yardstick(nodal: Nodal, rule: str, before: Complex) -> Yardstick:
    """By the ratings of the case, or where they are missing, under rule "base", by the state ``before``; voltage limits are those of the case."""
    rating, buses = ratings(nodal), nodal.network.buses
    if rule == "base":
        rating = np.where(np.isfinite(rating), rating, np.maximum(BASE_FACTOR * apparent(nodal, before), LEAST_MVA / MVA))
    low, high = np.full(nodal.nodes, -np.inf), np.full(nodal.nodes, np.inf)
    live = np.flatnonzero(nodal.node >= 0)
    np.maximum.at(low, nodal.node[live], np.where(buses.v_low_pu[live] > 0, buses.v_low_pu[live], -np.inf))
    np.minimum.at(high, nodal.node[live], buses.v_high_pu[live])
    both = np.isfinite(low) & np.isfinite(high) & (high > low)
    low, high = np.where(both, low, -1.0), np.where(both, high, 3.0)
    return Yardstick(rating=rating, middle=(low + high) / 2, half=np.where(both, (high - low) / 2, np.inf))


def apparent(nodal: Nodal, v: Complex) -> Real:
    """Larger apparent power of the two ends of each branch. [per unit]"""
    br = nodal.branches
    inner, there = v[br.start] / br.ratio, v[br.end]
    through, half = (inner - there) / br.z, 0.5j * br.b
    return np.maximum(abs(inner * (through + half * inner).conj()), abs(there * (half * there - through).conj()))


def severity_of_flows(by: Yardstick, flow: Real) -> Severity:
    """Of active flows (row, branch), as a DC network has them."""
    rows = len(flow)
    sums, worst, place = np.empty((rows, 2)), np.empty(rows), np.empty(rows, np.int64)
    kernel("flow.kernels_severity", "of_flows")(np.ascontiguousarray(flow), 1 / by.rating, sums, worst, place)
    none, nowhere = np.full(rows, np.nan), np.full(rows, -1)
    dead = np.isnan(sums[:, 0])
    worst[dead], place[dead] = np.nan, -1
    voltage = np.where(dead[:, None], np.nan, np.zeros((rows, 2)))
    return Severity(flow=sums / (2, 4), voltage=voltage, loading=worst, branch=place, low=none, low_at=nowhere, high=none, high_at=nowhere)


def severity(nodal: Nodal, by: Yardstick, v: Complex, opened: Sequence[Index], ratio: Sequence[Complex | None] = ()) -> Severity:
    """Of voltages (row, node) with the branches of each row gone; ``ratio`` of each row where transformers moved."""
    parts = [slice(k, k + AT_ONCE) for k in range(0, len(v), AT_ONCE)] or [slice(0, 0)]
    found: dict[int, Severity] = {}

    def work(r: slice) -> None:
        found[r.start] = _severity(nodal, by, v[r], opened[r], ratio[r])

    shared_out(parts, work, processors())
    return Severity(**{f.name: np.concatenate([getattr(found[r.start], f.name) for r in parts]) for f in fields(Severity)})


def _severity(nodal: Nodal, by: Yardstick, v: Complex, opened: Sequence[Index], ratio: Sequence[Complex | None]) -> Severity:
    rows = len(v)
    flow = active_flows(nodal, v, opened, ratio)
    by_flow = severity_of_flows(by, flow)
    sums, low, high = np.empty((rows, 2)), np.empty(rows), np.empty(rows)
    low_at, high_at = np.empty(rows, np.int64), np.empty(rows, np.int64)
    kernel("flow.kernels_severity", "of_voltages")(np.ascontiguousarray(v), by.middle, 1 / by.half, sums, low, low_at, high, high_at)
    dead = np.isnan(sums[:, 0])
    low[dead], high[dead], low_at[dead], high_at[dead] = np.nan, np.nan, -1, -1
    return Severity(
        flow=by_flow.flow, voltage=sums / (2, 4), loading=by_flow.loading, branch=by_flow.branch, low=low, low_at=low_at, high=high, high_at=high_at
    )


def active_flows(nodal: Nodal, v: Complex, opened: Sequence[Index], ratio: Sequence[Complex | None] = ()) -> Real:
    """Active flow (row, branch) at the end where it is larger, with the sign it has at the start. [per unit]"""
    br, out = nodal.branches, np.empty((len(v), len(nodal.branches.z)))
    moved = [r for r in range(len(v)) if r < len(ratio) and ratio[r] is not None]
    still = np.setdiff1d(np.arange(len(v)), np.array(moved, np.int64))
    for rows, m in [(still, br.ratio), *((np.array([r]), ratio[r]) for r in moved)]:
        groups = [opened[r] for r in rows.tolist()]
        gone = np.concatenate([np.empty(0, np.int64), *groups])
        part = np.empty((len(rows), len(br.z)))
        kernel("flow.kernels_severity", "active_flows")(
            v[rows], m, br.start, br.end, 1 / br.z, 0.5j * br.b, gone, np.cumsum([0, *map(len, groups)]), part
        )  # fmt: skip
        out[rows] = part
    return out
