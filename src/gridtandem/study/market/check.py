"""The AC check of a cleared day: the dispatch of every period placed into the networks, joined, and solved as one load flow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gridtandem.cases.case import Case
from gridtandem.cases.join import Joined, joined
from gridtandem.flow.newton import Newton, Solution
from gridtandem.flow.results import branch_flows
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from gridtandem.resources.dispatch import Dispatch
from gridtandem.resources.storage import overlaps
from gridtandem.study.judge import broken_limits
from gridtandem.study.market.results import MarketChecks
from gridtandem.study.market.run import MarketResult
from gridtandem.study.market.tables import devices_of
from gridtandem.study.results import Violations
from gridtandem.tables import Real, stacked
from gridtandem.units import MVA


def checked(result: MarketResult) -> tuple[MarketChecks, Violations]:
    """Hold the dispatch of every period against the joined grid. Loads keep their exponents: the market took them at 1 pu."""
    if result.transmission is None:
        return MarketChecks.empty(), Violations.empty()
    rows, broken = [], []
    above, inside = devices_of(result, None), [devices_of(result, p) for p in result.feeders]
    both = np.max([overlaps(x, result.study.window.periods) for x in _decisions(result)], axis=0)
    loose = np.max([np.zeros(len(both)), *(p.problem.physics.slack(p.dispatch.answer) for p in result.feeders if p.problem.physics)], axis=0)
    for t in range(result.study.window.periods):
        whole = joined(_case_at(result, above, inside, t))
        nodal = Nodal.of(whole.network)
        found = Newton.of(nodal).solve()
        s_from, s_to = branch_flows(nodal, found.v, found.ratio)
        through = np.maximum(np.abs(s_from), np.abs(s_to)) * MVA
        broken.append(broken_limits(nodal, found.v, through, (0, result.study.window.first + t + 1)))
        apart, lost = _apart(result, whole, nodal, found, t), float((s_from + s_to).real.sum()) * MVA
        rows.append(_row(result, t, nodal, found, (apart, lost, len(broken[-1]), float(loose[t]), float(both[t]))))
    return stacked(MarketChecks, rows), stacked(Violations, broken)


def _decisions(result: MarketResult) -> list[Mapping[str, Real]]:
    """What every company decided, transmission first."""
    assert result.transmission is not None
    return [result.transmission.dispatch.answer.x, *(p.decisions for p in result.feeders)]


def _case_at(result: MarketResult, above: Sequence[Dispatch], inside: Sequence[Sequence[Dispatch]], t: int) -> Case:
    """The case as it stands in one period: one model for every interface, all with its dispatch."""
    case, first = result.study.case, result.study.window.first
    models = tuple(
        replace(placed(p.problem.network, d, first, t), name=f"feeder {k}") for k, (p, d) in enumerate(zip(result.feeders, inside, strict=True))
    )
    many = len(models)
    table = replace(case.interfaces, model=np.arange(many), count=np.ones(many, np.int64), scale=np.ones(many))
    return replace(case, transmission=placed(case.transmission, above, first, t), models=models, interfaces=table)


def placed(net: Network, devices: Sequence[Dispatch], first: int, t: int) -> Network:
    """A network with its loads, and what its resources do, in the t-th period after the ``first`` (both from 0)."""
    factor = net.factors("loads", first + t + 1)[-1]
    p, q, extra = net.generators.p_mw.copy(), net.generators.q_mvar.copy(), []
    for d in devices:
        if d.kind == "generators":
            p[d.row], q[d.row] = d.p[t], d.q[t]
        else:
            extra.append((d, getattr(net, d.kind).name[d.row]))
    units = replace(net.generators, p_mw=p, q_mvar=q)
    loads = replace(net.loads, p_mw=net.loads.p_mw * factor, q_mvar=net.loads.q_mvar * factor)
    return replace(net, generators=_beside(units, extra, t), loads=loads)


def _beside(units: el.Generators, extra: list[tuple[Dispatch, Any]], t: int) -> el.Generators:
    """Storage, vehicles and flexible demand as further units that hold their power."""
    more = [
        el.Generators.of({"name": np.char.add(f"{d.kind}: ", name), "bus": d.bus, "p_mw": d.p[t], "q_mvar": d.q[t]})
        for d, name in extra
        if len(d.row)
    ]
    return stacked(el.Generators, [units, *more])


def _apart(result: MarketResult, whole: Joined, nodal: Nodal, found: Solution, t: int) -> float:
    """Largest difference of voltage below the roots of feeders, market's model against AC; NaN where there is no load flow."""
    apart = [0.0]
    for k, plan in enumerate(result.feeders):
        own = plan.problem.nodal
        live = np.flatnonzero((own.node >= 0) & (own.node != plan.problem.root))
        if not len(live):
            continue
        node = nodal.node[whole.first_bus[whole.interface_feeder[k]] + live]
        apart.append(float(np.max(np.abs(np.abs(found.v[node]) - plan.dispatch.v[t, own.node[live]]))))
    return max(apart)


def _row(result: MarketResult, t: int, nodal: Nodal, found: Solution, seen: tuple[float, float, int, float, float]) -> MarketChecks:
    size: Real = np.abs(found.v)
    low = int(np.argmin(size)) if found.converged else 0
    return MarketChecks.of({
        "period": [result.study.window.first + t + 1], "solved": [int(found.converged)], "voltage_error_pu": [seen[0]], "loss_mw": [seen[1]],
        "slack_mw": [found.slack * MVA], "v_low_pu": [size[low]], "v_low_bus": [str(nodal.label[low]) if found.converged else ""],
        "limits_broken": [seen[2]], "cone_slack": [seen[3]], "overlap_mw2": [seen[4]],
    })  # fmt: skip
