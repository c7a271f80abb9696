"""One architecture on one day: derived, carried out, delivered, repaired, balanced, posted, judged, measured."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np

from gridtandem.architecture.simulation.acting import Acted, acted
from gridtandem.architecture.simulation.borders import crossing_items, platforms_per_der
from gridtandem.architecture.simulation.clearing import SHORT
from gridtandem.architecture.simulation.conduct import Choices, Planned, conducted
from gridtandem.architecture.simulation.costs import above_ideal
from gridtandem.architecture.simulation.delays import Delays
from gridtandem.architecture.simulation.fleet import Fleet
from gridtandem.architecture.simulation.iterating import negotiated
from gridtandem.architecture.simulation.ledger import Ledger
from gridtandem.architecture.simulation.light import Lit
from gridtandem.architecture.simulation.lighting import LIGHTS, under_lights
from gridtandem.architecture.simulation.measures import percentile
from gridtandem.architecture.simulation.payments import payments
from gridtandem.architecture.simulation.physics import Judge, Physics, Powers
from gridtandem.architecture.simulation.play import Play, Way
from gridtandem.architecture.simulation.posting import posted
from gridtandem.architecture.simulation.results import Deciders, LightHours, Links, Payments, Results
from gridtandem.architecture.simulation.scene import Scene
from gridtandem.architecture.simulation.watching import blast, curtailed_gini, observed, skew
from gridtandem.tables import Real


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class One:
    """What one architecture came to on one day."""

    play: Play
    lights: tuple[Lit, ...]  # of feeders, where there are any
    planned: Planned
    acted: Acted
    before: Physics
    after: Physics
    ledger: Ledger
    result: Results  # one row
    links: Links
    deciders: Deciders
    payments: Payments
    light_hours: LightHours


def judge_of(scene: Scene) -> Judge:
    """The AC judge of a scene's grid; all architectures share it."""
    return Judge.of(scene.physical)


def simulated(play: Play, scene: Scene, judge: Judge, choices: Choices | None = None) -> One:
    """Carry a play out."""
    chosen = Choices() if choices is None else choices
    play, agreed, note = negotiated(play, scene) if chosen.joint == "iterative" else (play, None, "")
    fleet = Fleet.of(play, scene.actual)
    plan, lights = conducted(fleet, scene, chosen, agreed), tuple[Lit, ...]()
    if chosen.lights != "none":
        shown = under_lights(fleet, scene, plan, LIGHTS[chosen.lights])
        plan, lights = shown.planned, shown.lit
    done = acted(fleet, scene, plan)
    ledger = posted(fleet, scene, plan, done)
    before, after = (
        judge.judge(Powers.of(scene.actual, bulk.unit_p, y, loads=scene.loads, shed=shed))
        for bulk, y, shed in ((done.bulk_before, done.before, ()), (done.bulk, done.after, done.shed))
    )
    links = _links(fleet, scene, ledger)
    result = replace(_result(fleet, scene, (plan, done), (before, after), (ledger, links)), note=np.array([note]))
    return One(
        play=play, lights=lights, planned=plan, acted=done, before=before, after=after, ledger=ledger, links=links,
        result=result, deciders=_deciders(fleet, scene, plan, ledger),
        payments=payments(fleet, scene, plan, done), light_hours=_light_hours(fleet, scene, lights),
    )  # fmt: skip


def _result(fleet: Fleet, scene: Scene, made: tuple[Planned, Acted], physics: tuple[Physics, Physics], sent: tuple[Ledger, Links]) -> Results:
    (plan, done), (ledger, links) = made, sent
    day, hours, play = scene.actual, scene.actual.hours, fleet.play
    shed = sum(float(s.sum()) for s in done.shed) * hours
    short, spilled = float(done.bulk.short.sum()) * hours, float(done.bulk.spilled.sum()) * hours
    cost = done.bulk.cost + day.constant + day.cost(done.after) + SHORT * (shed + short + spilled)
    above = float(above_ideal(np.array(cost), np.array(scene.ideal)))
    double = sum(float(np.abs(d).sum()) for d in plan.double) * hours
    paid = sum(float((d * scene.asked[k]).sum()) for k, d in enumerate(plan.double)) * hours
    lines = ledger.lines.values()
    p50, p95 = (percentile(done.loops, share) if len(done.loops) else np.nan for share in (0.5, 0.95))
    rows: dict[str, float | str] = {
        "architecture": play.graph.id, "scenario": scene.name, "procedure": play.procedure, "hours": day.periods * hours, "cost_paper": plan.paper,
        "cost": cost, "ideal": scene.ideal, "gap_percent": 100 * above / abs(scene.ideal), "red_mwh": done.red + plan.commanded,
        "curtailed_mwh": shed, **_beyond("before", physics[0], hours), **_beyond("after", physics[1], hours),
        "linear_before_mwh": float(day.beyond(done.before).sum()) * hours, "linear_after_mwh": float(_left(scene, done).sum()) * hours,
        "double_mwh": double, "double_paid": paid, "conflicts": plan.conflicts, "missed": done.missed, "refused_mwh": plan.refused,
        "imbalance_mwh": float(np.abs(day.draw(done.before) - plan.plan.z).sum()) * hours, "messages": sum(x.messages for x in lines),
        "numbers": sum(x.numbers for x in lines), "bytes": sum(x.bytes for x in lines), "fan_in": ledger.fan_in(day.periods),
        "largest_problem": _largest(plan), "iterations": np.nan if plan.agreed is None else plan.agreed.rounds,
        "latency_p50_s": p50, "latency_p95_s": p95,
        "skew_mw": skew(fleet, scene, plan), "observed_share": observed(fleet, scene, plan), "blast_mw": blast(fleet, scene, plan),
        "crossing_items": crossing_items(links, play.graph, len(fleet.node)),
        "platforms_per_der": platforms_per_der(links, play.graph), "gini": curtailed_gini(fleet, scene, plan, done),
        "unserved_mwh": shed + short, "trouble": "; ".join(dict.fromkeys((*physics[0].trouble, *physics[1].trouble))),
    }  # fmt: skip
    return Results.of({name: np.array([value]) for name, value in rows.items()})


def _beyond(when: str, found: Physics, hours: float) -> dict[str, float]:
    area = found.feeders
    return {
        f"violation_{when}": float(area.thermal_mva.sum()) * hours, f"voltage_{when}": float(area.voltage_pu.sum()) * hours,
        f"elements_{when}": float(area.elements.sum()) * hours,
    }  # fmt: skip


def _left(scene: Scene, done: Acted) -> Real:
    """Limits of the planning model broken in the end (period, feeder), with load that was cut. [MW]"""
    out = []
    for f, y, shed in zip(scene.actual.feeders, done.after, done.shed, strict=True):
        value = f.wires.values(y) + shed @ f.wires.h_shed.T
        out.append(np.maximum(np.maximum(value - f.wires.high, f.wires.low - value), 0.0).sum(1))
    return np.stack(out, -1)


def _largest(plan: Planned) -> int:
    return max(plan.plan.variables + plan.plan.rows, *(p.variables + p.rows for p in plan.shared if p is not None), 0)


def _links(fleet: Fleet, scene: Scene, ledger: Ledger) -> Links:
    names, id_ = fleet.play.graph.nodes.name.tolist(), fleet.play.graph.id
    delays = Delays(fleet.play.graph, scene.heavy, np.random.default_rng(scene.seed))
    drawn = [delays.along((a, b), (scene.actual.periods, 20)) for a, b, _, _ in ledger.lines]
    rows = [
        (id_, scene.name, names[a], names[b], ledger.word(a, b, kind, item), item, *line.sizes, *np.percentile(d, (50, 95)).tolist())
        for ((a, b, kind, item), line), d in zip(ledger.lines.items(), drawn, strict=True)
    ]  # fmt: skip
    return Links.of(dict(zip(Links.columns(), zip(*rows, strict=True), strict=True))) if rows else Links.empty()


def _light_hours(fleet: Fleet, scene: Scene, lights: tuple[Lit, ...]) -> LightHours:
    rows = [
        (fleet.play.graph.id, scene.name, f.name, *m.hours, m.amber_cost, m.amber_mwh, m.red_mwh, m.shed_mwh, m.false_amber_h, m.missed_red_h)
        for f, m in zip(scene.actual.feeders, (each.measures for each in lights), strict=False)
    ]
    return LightHours.of(dict(zip(LightHours.columns(), zip(*rows, strict=True), strict=True))) if rows else LightHours.empty()


def _deciders(fleet: Fleet, scene: Scene, plan: Planned, ledger: Ledger) -> Deciders:
    """Who solves what: the bulk market one problem for the day, distribution operators one for each of their feeders and what they decide."""
    play, names = fleet.play, fleet.play.graph.nodes.name
    rows = [(play.bulk, 1, plan.plan.variables, plan.plan.rows)]
    local = [p for p in plan.shared if p is not None]
    if play.networks and (local or plan.masks.has(Way.LOCAL, Way.TWICE, Way.LEFTOVER, Way.FILTERED, Way.BOXED)):
        sizes = [(p.variables, p.rows) for p in local] or [(f.steps.least.size, f.wires.there.size) for f in scene.actual.feeders]
        rows.append((play.networks[0], len(sizes), max(s[0] for s in sizes), max(s[1] for s in sizes)))
    heard = ledger.heard(scene.actual.periods)
    return Deciders.of({
        "architecture": [play.graph.id] * len(rows), "scenario": [scene.name] * len(rows), "node": [str(names[r[0]]) for r in rows],
        "problems": [r[1] for r in rows], "variables": [r[2] for r in rows], "rows": [r[3] for r in rows],
        "fan_in": [heard.get(r[0], 0.0) for r in rows],
    })  # fmt: skip
