r"""The AC judge of a dispatched day: every period placed into the joined grid of transmission and all feeders, and solved as one load flow.

What a limit is broken by is measured from the limit itself,

.. math:: \sum_\ell \max(S_\ell - \bar S_\ell, 0)\ [\text{MVA}], \qquad \sum_b \max(|V_b| - \bar v_b,\ \underline v_b - |V_b|, 0)\ [\text{pu}],

over the elements that are beyond it by more than a tolerance: a plan on LinDistFlow knows neither losses nor the voltage that transmission brings
to a feeder's root, and reaches its limits exactly. The rest of the balance, losses above all, is taken by transmission's reference unit. A period
without a load flow has no numbers, and counts as one in which limits are broken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from gridtandem.architecture.simulation.day import Day, Dispatch
from gridtandem.cases.join import bundle, each_its_own, joined
from gridtandem.flow.newton import Newton
from gridtandem.flow.results import branch_flows, ratings
from gridtandem.flow.variants import powered
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from gridtandem.opf.forms.lindist import Flow, voltage_bounds
from gridtandem.resources.reactive import free_units
from gridtandem.study.market.study import MarketStudy
from gridtandem.tables import Complex, Flag, Index, Real, stacked
from gridtandem.units import MVA

RATING = 0.005  # of a rating; losses add less than the polygon of apparent power leaves, so that plans at their limits stay below 0.997
VOLTAGE_PU = 0.003  # plans at their limits are beyond them by 0.0011 (market-A) and 0.0029 (four-feeders): losses lower voltages further


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerances:
    """By how much a limit must be passed before it counts as broken."""

    rating: float = RATING  # share of it
    voltage_pu: float = VOLTAGE_PU


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Powers:
    """What everybody does over the day; transmission first, then every feeder. Rows are those of its network, a feeder's without its own source."""

    units: tuple[Real, ...]  # (period, generator) injected [MW]
    flexible: tuple[Real, ...]  # (period, flexible demand) injected [MW]
    loads: tuple[Real, ...]  # (period, load) of what was forecast

    @staticmethod
    def of(day: Day, bulk: Real, y: Dispatch, *, loads: Real | float = 1.0, shed: Sequence[Real] = ()) -> Powers:
        """``bulk`` (period, step of transmission) and ``y`` are injections; ``loads`` (period, transmission and feeders) of what was forecast;
        ``shed`` is what is cut of each feeder's loads (period, load node). [MW]
        """
        steps, net = day.wholesale.owned.steps, day.wholesale.network
        units, flexible = [np.broadcast_to(steps.base, (day.periods, len(net.generators))).copy()], [np.zeros((day.periods, len(net.flexible)))]
        for kind, out in enumerate((units[0], flexible[0])):
            mine = np.flatnonzero(steps.source == kind)
            np.add.at(out.T, steps.row[mine], bulk.T[mine])
        factor = np.broadcast_to(loads, (day.periods, 1 + len(day.feeders)))
        served = [np.repeat(factor[:, :1], len(net.loads), axis=1)]
        for k, (feeder, each) in enumerate(zip(day.feeders, y, strict=True)):
            s, f, by_unit = feeder.steps, feeder.problem.network, feeder.steps.by_unit(each)
            units.append(np.broadcast_to(feeder.problem.owned.steps.base, (day.periods, len(f.generators))).copy())
            flexible.append(np.zeros((day.periods, len(f.flexible))))
            for row, out in ((s.generator, units[-1]), (s.flexible, flexible[-1])):
                out[:, row[row >= 0]] += by_unit[:, row >= 0]
            left = _left(feeder.problem.owned.p_load, feeder.sheddable, shed[k]) if shed else np.ones(feeder.problem.owned.p_load.shape)
            node = feeder.problem.nodal.node[f.loads.bus]
            served.append(factor[:, k + 1 : k + 2] * np.where(node >= 0, left[:, node], 1.0))
        return Powers(units=tuple(units), flexible=tuple(flexible), loads=tuple(served))


def _left(load: Real, sheddable: Real, shed: Real) -> Real:
    """Share of the load of each node (period, node) that is still served."""
    out = np.ones(load.shape)
    nodes = np.flatnonzero((load > 0).any(0))
    out[:, nodes] = 1 - np.divide(shed, sheddable, out=np.zeros(shed.shape), where=sheddable > 0)
    return out


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Area:
    """Limits of some networks and what became of them, (period, network); NaN where there is no load flow."""

    thermal_mva: Real  # beyond ratings, added up
    elements: Real  # branches beyond their ratings
    loading: Real  # of the busiest branch, of its rating; 0 where none is rated
    voltage_pu: Real  # beyond limits, added up over buses
    buses: Real  # buses beyond limits
    v_low_pu: Real  # lowest voltage
    v_high_pu: Real
    loss_mw: Real

    def take(self, networks: slice) -> Area:
        """These networks only."""
        return Area(**{name: getattr(self, name)[:, networks] for name in Area.__slots__})

    @property
    def broken(self) -> Flag:
        """Whether some limit is broken (period, network), or there is no load flow."""
        return np.asarray(~((self.elements == 0) & (self.buses == 0)))


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Physics:
    """A day judged."""

    solved: Flag  # (period)
    slack_mw: Real  # (period) what the reference unit gives beyond its schedule
    transmission: Area  # one network
    feeders: Area  # one network behind each interface; where it meets transmission, voltage is transmission's
    trouble: tuple[str, ...]  # what load flows say of themselves, with the period

    @property
    def loss_mw(self) -> Real:
        """Of all branches (period)."""
        return np.asarray(self.transmission.loss_mw.sum(1) + self.feeders.loss_mw.sum(1))


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Judge:
    """The joined grid made ready for many days."""

    flow: Flow  # what ratings of feeders limit
    tolerances: Tolerances
    first: int  # period, counted from 0
    nodal: Nodal
    newton: Newton
    widths: tuple[tuple[int, int, int], ...]  # (network) its generators, flexible demand and loads
    forecast: Real  # (period, load) factor
    load: Index  # row of each load of the nodal model
    q_units: Real  # (unit) reactive power of generators [Mvar]
    q_share: Real  # (flexible demand) reactive by active injection
    rating: Real  # (branch) [MVA]
    bounds: tuple[Real, Real]  # (node) [pu]
    branch_of: Index  # (branch) network
    node_of: Index  # (node) network

    @staticmethod
    def of(study: MarketStudy, *, instead: Mapping[int, Network] | None = None, tolerances: Tolerances | None = None) -> Judge:
        """``instead`` are feeder models that stand behind some interfaces in place of the case's, with the same rows of units and loads."""
        case, table, window, other = study.case, study.case.interfaces, study.window, instead or {}
        models = [other.get(k, case.models[m]) for k, m in enumerate(table.model.tolist())]
        nets = [bundle(m, count=int(c), scale=float(s)) for m, c, s in zip(models, table.count, table.scale, strict=True)]
        whole = joined(each_its_own(case, [case.transmission, *nets]))
        g, f = whole.network.generators, whole.network.flexible
        further = el.Generators.of({"name": np.char.add("flexible: ", f.name), "bus": f.bus, "live": f.live})
        nodal = Nodal.of(replace(whole.network, generators=stacked(el.Generators, [g, further])))
        free = np.concatenate([np.zeros(len(case.transmission.generators), bool), *(_chooses(n) for n in nets)])
        net, low, high = nodal.network, *(np.sqrt(w) for w in voltage_bounds(nodal))
        rows = [whole.part[kind][nodal.branches.row[nodal.branches.kind == k]] for k, kind in enumerate(("lines", "transformers"))]
        return Judge(
            flow=study.flow, tolerances=tolerances or Tolerances(), first=window.first, nodal=nodal, newton=Newton.of(nodal),
            widths=tuple((len(n.generators), len(n.flexible), len(n.loads)) for n in (case.transmission, *nets)),
            forecast=np.concatenate([window.of(n.factors("loads", window.end)) for n in (case.transmission, *nets)], axis=1),
            load=np.flatnonzero(net.loads.live & (nodal.node[net.loads.bus] >= 0)),
            q_units=np.where(free, np.clip(0.0, g.q_low_mvar, g.q_high_mvar), g.q_mvar), q_share=f.q_share, rating=ratings(nodal), bounds=(low, high),
            branch_of=np.concatenate(rows), node_of=whole.part["buses"][nodal.bus],
        )  # fmt: skip

    def judge(self, powers: Powers) -> Physics:
        """Solve every period, and hold it against all limits."""
        self._check(powers)
        p, q = self._injections(powers)
        drawn = (self.forecast * np.concatenate(powers.loads, axis=1))[:, self.load]
        solved, slack, v, s = [], [], [], []
        trouble = []
        for t in range(len(p)):
            units = replace(self.nodal.units, s=(p[t] + 1j * q[t])[self.nodal.units.row] / MVA)
            nodal = replace(self.nodal, units=units, loads=replace(self.nodal.loads, s=self.nodal.loads.s * drawn[t]))
            found = powered(self.newton, nodal).solve()
            solved.append(found.converged)
            slack.append(found.slack * MVA)
            v.append(found.v)
            s.append(np.stack(branch_flows(nodal, found.v, found.ratio)) * MVA)
            trouble += [f"period {self.first + t + 1}: {found.trouble}"] if found.trouble else []
        area = self._area(np.abs(np.array(v)), np.array(s))
        return Physics(
            solved=np.array(solved), slack_mw=np.array(slack), transmission=area.take(slice(0, 1)), feeders=area.take(slice(1, None)),
            trouble=tuple(trouble),
        )  # fmt: skip

    def _check(self, powers: Powers) -> None:
        told = (powers.units, powers.flexible, powers.loads)
        for k, name in enumerate(Powers.__slots__):
            shapes = [x.shape for x in told[k]]
            wanted = [(len(self.forecast), width[k]) for width in self.widths]
            if shapes != wanted:
                raise ValueError(f"powers.{name} have shapes {shapes}, not {wanted}")

    def _injections(self, powers: Powers) -> tuple[Real, Real]:
        """Of units, and of flexible demand below them (period, row). [MW, Mvar]"""
        units, flexible = np.concatenate(powers.units, axis=1), np.concatenate(powers.flexible, axis=1)
        q = np.broadcast_to(self.q_units, units.shape)
        return np.concatenate([units, flexible], axis=1), np.concatenate([q, flexible * self.q_share], axis=1)

    def _area(self, v: Real, s: Complex) -> Area:
        """Voltages (period, node) and powers into branches (period, end, branch) against limits. [pu, MVA]"""
        through, inner = np.abs(s).max(1), self.branch_of > 0
        if self.flow == "active":
            through[:, inner] = np.abs(s.real).max(1)[:, inner]
        over, outside = through - self.rating, np.maximum(v - self.bounds[1], self.bounds[0] - v)
        hot = _marked(over, self.tolerances.rating * self.rating)
        out = _marked(outside, np.full(v.shape[1], self.tolerances.voltage_pu))
        branches, nodes = ([np.flatnonzero(of == k) for k in range(len(self.widths))] for of in (self.branch_of, self.node_of))

        def added(x: Real, rows: Sequence[Index]) -> Real:
            return np.stack([x[:, mine].sum(1) for mine in rows], -1)

        def most(x: Real, rows: Sequence[Index], least: float) -> Real:
            return np.stack([x[:, mine].max(1, initial=least) for mine in rows], -1)

        return Area(
            thermal_mva=added(hot * np.where(np.isfinite(self.rating), over, 0.0), branches), elements=added(hot, branches),
            loading=most(through / self.rating, branches, 0.0), voltage_pu=added(out * np.maximum(outside, 0.0), nodes), buses=added(out, nodes),
            v_low_pu=-most(-v, nodes, -np.inf), v_high_pu=most(v, nodes, -np.inf), loss_mw=added(s.real.sum(1), branches),
        )  # fmt: skip


def _chooses(net: Network) -> Flag:
    """Units of a feeder that choose their reactive power, which is as near 0 as it may be."""
    out = np.zeros(len(net.generators), bool)
    out[free_units(net)] = True
    return out


def _marked(by: Real, tolerance: Real) -> Real:
    """1 where a limit is passed by more than its tolerance, 0 where not; not a number stays so."""
    return np.asarray(np.where(np.isnan(by), np.nan, by > tolerance), np.float64)
