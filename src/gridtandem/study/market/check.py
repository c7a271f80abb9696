"""The AC check of a cleared day: the dispatch of every period placed into the networks, joined, and solved as one load flow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from gridtandem.cases.join import Joined, each_its_own, joined
from gridtandem.flow.newton import Newton, Solution
from gridtandem.flow.results import branch_flows
from gridtandem.flow.variants import powered
from gridtandem.grid import elements as el
from gridtandem.grid.elements import REFERENCE
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from gridtandem.resources.dispatch import Dispatch
from gridtandem.resources.part import Window
from gridtandem.resources.storage import overlaps
from gridtandem.study.judge import broken_limits
from gridtandem.study.market.results import MarketChecks
from gridtandem.study.market.run import MarketResult
from gridtandem.study.market.tables import devices_of
from gridtandem.study.results import Violations
from gridtandem.tables import Flag, Index, Real, stacked
from gridtandem.units import MVA


def checked(result: MarketResult) -> tuple[MarketChecks, Violations]:
    """Hold the dispatch of every period against the joined grid. Loads keep their exponents: the market took them at 1 pu."""
    if result.transmission is None:
        return MarketChecks.empty(), Violations.empty()
    rows, broken = [], []
    first, window = result.study.window.first, result.study.window
    parts = [(result.study.case.transmission, devices_of(result, None)), *((p.problem.network, devices_of(result, p)) for p in result.feeders)]
    powers = [powers_of(net, devices, window) for net, devices in parts]
    whole = joined(each_its_own(result.study.case, [placed(net, devices, power, 0) for (net, devices), power in zip(parts, powers, strict=True)]))
    stays = [(net.generators.control != REFERENCE) | (k == 0) for k, (net, _) in enumerate(parts)]  # feeders have no source of their own there
    day, nodal = _beside(powers, stays), Nodal.of(whole.network)
    both = np.max([overlaps(x, window.periods) for x in _decisions(result)], axis=0)
    loose = np.max([np.zeros(len(both)), *(p.problem.physics.slack(p.dispatch.answer) for p in result.feeders if p.problem.physics)], axis=0)
    newton, place = Newton.of(nodal), _places(result, whole, nodal)
    for t in range(window.periods):
        nodal = nodal.powered(day.put(whole.network, t))
        found = powered(newton, nodal).solve()
        s_from, s_to = branch_flows(nodal, found.v, found.ratio)
        through = np.maximum(np.abs(s_from), np.abs(s_to)) * MVA
        broken.append(broken_limits(nodal, found.v, through, (0, first + t + 1)))
        apart, lost = _apart(result, place, found, t), float((s_from + s_to).real.sum()) * MVA
        rows.append(_row(result, t, nodal, found, (apart, lost, len(broken[-1]), float(loose[t]), float(both[t]))))
    return stacked(MarketChecks, rows), stacked(Violations, broken)


def _decisions(result: MarketResult) -> list[Mapping[str, Real]]:
    """What every company decided, transmission first."""
    assert result.transmission is not None
    return [result.transmission.dispatch.answer.x, *(p.decisions for p in result.feeders)]


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Powers:
    """Schedules of a network over a window (period, row), storage, vehicles and flexible demand as further units below its own."""

    p: Real  # [MW]
    q: Real  # [Mvar]
    load_p: Real
    load_q: Real

    def put(self, net: Network, t: int) -> Network:
        """A network of these rows in the t-th period."""
        units = replace(net.generators, p_mw=self.p[t], q_mvar=self.q[t])
        return replace(net, generators=units, loads=replace(net.loads, p_mw=self.load_p[t], q_mvar=self.load_q[t]))


def powers_of(net: Network, devices: Sequence[Dispatch], window: Window) -> Powers:
    """What its loads draw and its resources do in each period."""
    factor = window.of(net.factors("loads", window.end))
    out = np.repeat(np.stack([net.generators.p_mw, net.generators.q_mvar])[:, None], window.periods, axis=1)
    extra = [np.stack([d.p, d.q]) for d in devices if d.kind != "generators"]
    for d in devices:
        if d.kind == "generators":
            out[:, :, d.row] = d.p, d.q
    p, q = np.concatenate([out, *extra], axis=2)
    return Powers(p=p, q=q, load_p=net.loads.p_mw * factor, load_q=net.loads.q_mvar * factor)


def placed(net: Network, devices: Sequence[Dispatch], powers: Powers, t: int) -> Network:
    """A network with its loads, and what its resources do, in the t-th period."""
    more = [
        el.Generators.of({"name": np.char.add(f"{d.kind}: ", getattr(net, d.kind).name[d.row]), "bus": d.bus})
        for d in devices
        if d.kind != "generators" and len(d.row)
    ]
    return powers.put(replace(net, generators=stacked(el.Generators, [net.generators, *more])), t)


def _beside(powers: Sequence[Powers], own: Sequence[Flag]) -> Powers:
    """Of all parts of the joined grid; ``own`` says which units of a network's own stay there."""
    keep = np.concatenate([np.concatenate([stays, np.ones(w.p.shape[1] - len(stays), bool)]) for w, stays in zip(powers, own, strict=True)])
    p, q, load_p, load_q = (np.concatenate([getattr(w, name) for w in powers], axis=1) for name in ("p", "q", "load_p", "load_q"))
    return Powers(p=p[:, keep], q=q[:, keep], load_p=load_p, load_q=load_q)


def _places(result: MarketResult, whole: Joined, nodal: Nodal) -> tuple[Index, Index, Index]:
    """Node of every live bus below the root of a feeder in the joined grid; its feeder, and its node there."""
    out = []
    for k, plan in enumerate(result.feeders):
        own = plan.problem.nodal
        live = np.flatnonzero((own.node >= 0) & (own.node != plan.problem.root))
        out.append((nodal.node[whole.first_bus[whole.interface_feeder[k]] + live], np.full(len(live), k), own.node[live]))
    joint, feeder, node = (np.concatenate([np.empty(0, np.int64), *column]) for column in (zip(*out, strict=True) if out else ((), (), ())))
    return joint, feeder, node


def _apart(result: MarketResult, place: tuple[Index, Index, Index], found: Solution, t: int) -> float:
    """Largest difference of voltage below the roots of feeders, market's model against AC; NaN where there is no load flow."""
    joint, feeder, node = place
    told = [plan.dispatch.v[t] for plan in result.feeders]
    first = np.cumsum([0, *map(len, told)])[:-1]
    model = np.concatenate([np.empty(0), *told])[first[feeder] + node] if told else np.empty(0)
    return float(np.max(np.abs(np.abs(found.v[joint]) - model), initial=0.0))


def _row(result: MarketResult, t: int, nodal: Nodal, found: Solution, seen: tuple[float, float, int, float, float]) -> MarketChecks:
    size: Real = np.abs(found.v)
    low = int(np.argmin(size)) if found.converged else 0
    return MarketChecks.of({
        "period": [result.study.window.first + t + 1], "solved": [int(found.converged)], "voltage_error_pu": [seen[0]], "loss_mw": [seen[1]],
        "slack_mw": [found.slack * MVA], "v_low_pu": [size[low]], "v_low_bus": [str(nodal.label[low]) if found.converged else ""],
        "limits_broken": [seen[2]], "cone_slack": [seen[3]], "overlap_mw2": [seen[4]],
    })  # fmt: skip
