"""Verdicts of the study of coordination architectures, a toy reckoned by hand before this package was, and a proven equality."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

import numpy as np

from gridtandem.architecture.catalogue import published
from gridtandem.architecture.graph import Graph
from gridtandem.architecture.simulation.acting import Acted, acted
from gridtandem.architecture.simulation.conduct import Choices, Planned, conducted
from gridtandem.architecture.simulation.derived import derived
from gridtandem.architecture.simulation.fleet import Fleet
from gridtandem.architecture.simulation.scenarios import Setting, scene_of
from gridtandem.architecture.simulation.scene import Scene
from gridtandem.architecture.verdicts.judged import judge
from gridtandem.architecture.verdicts.oracle import oracle, unmet
from gridtandem.cases.named import case

REPORT = "P. De Martini, L. Kristov, J. Taft, Distribution System Architecture report, DOE/PNNL, 2019 (verdicts read off its text)"
WU = "M. Mousavi and M. Wu (layered offers give the dispatch and payments of the ideal central market; proven for convex cases)"
STUDY = "own earlier study, notes on coordination architectures"
JUDGE, RUN = "tandem architecture judge all", "tandem architecture simulate {} --case toy-two-feeders --flow active"
MISSES = (
    "NY4, layers: rests on a service that is optional there; JP0, tier bypass and hidden coupling: a blanket verdict on all current models, which a "
    "company that owns transmission and distribution does not meet"
)
Row = tuple[str, str, float, int, str, Callable[[], float], str, float, str]  # source, what, theirs, digits, unit, ours, command, spread, why


@cache
def met(kinds: str) -> float:
    """How many published verdicts of these kinds ours lie within."""
    graphs = published()
    missed = unmet({g.id: judge(g).levels() for g in graphs})
    return float(sum(c.kind in kinds for c in oracle()) - sum(c.kind in kinds for c in missed))


@cache
def day(name: str, flow: str) -> Scene:
    """A nominal day of a case."""
    return scene_of(Setting(case=case(name), flow="active" if flow == "active" else "apparent"), "nominal")


@cache
def done(graph: str, price: float | None = None) -> tuple[Planned, Acted]:
    """The toy under an architecture."""
    scene, choices = day("toy-two-feeders", "active"), Choices(price=price)
    fleet = Fleet.of(derived(_graph(graph)), scene.actual)
    plan = conducted(fleet, scene, choices)
    return plan, acted(fleet, scene, plan)


def _graph(name: str) -> Graph:
    return next(g for g in published() if g.id == name)


def cost(graph: str, price: float | None = None) -> float:
    """As planned."""
    return done(graph, price)[0].paper


def broken(graph: str) -> float:
    """Before red."""
    return float(day("toy-two-feeders", "active").actual.beyond(done(graph)[1].before).sum())


def after(graph: str) -> float:
    """Cost once limits hold."""
    grid, found = day("toy-two-feeders", "active").actual, done(graph)[1]
    return found.bulk.cost + grid.constant + grid.cost(found.after)


def double(graph: str, *, paid: bool) -> float:
    """Sold twice, or paid for it."""
    scene = day("toy-two-feeders", "active")
    pairs = zip(done(graph)[0].double, scene.asked, strict=True)
    return float(sum(np.abs(d * a).sum() if paid else np.abs(d).sum() for d, a in pairs))


@cache
def gap(graph: str) -> float:
    """Of the layered dispatch on four feeders, to the ideal. [%]"""
    scene = day("four-feeders", "apparent")
    plan = conducted(Fleet.of(derived(_graph(graph)), scene.actual), scene, Choices())
    return abs(100 * (plan.paper - scene.ideal) / scene.ideal)


def rows() -> list[Row]:
    """All of them."""
    toy = [
        ("M1, M2: one market that sees everything", 1725.0, "AU1", None), ("M5: exact layers", 1725.0, "AU2", None),
        ("M6: filtered, or the rest in a curve", 1725.0, "PT1", None), ("M0: blind, on paper", 1678.0, "EU0", None),
        ("M4: equal envelopes", 1738.5, "AU4", None), ("M7: interface price 20", 1995.0, "SNC", 20.0),
        ("M7: interface price 32", 1785.0, "SNC", 32.0), ("M7: interface price 40.01", 1905.0, "SNC", 40.01),
        ("M7: interface price 60", 2005.0, "SNC", 60.0),
    ]  # fmt: skip
    return [
        (REPORT, "verdicts met, of single figures", 55.0, 0, "1", partial(met, "X"), JUDGE, 0.0, ""),
        (REPORT, "verdicts met, all", 83.0, 0, "1", partial(met, "XTI"), JUDGE, 3.0, MISSES),
        (WU, "four-feeders, M5 (R3): gap to the ideal market", 0.0, 6, "%", partial(gap, "R3"), "tandem architecture simulate R3", 0.0, ""),
        *((STUDY, f"toy, {what}", theirs, 2, "EUR", partial(cost, graph, price), RUN.format(graph), 0.0, "") for what, theirs, graph, price in toy),
        (STUDY, "toy, M0: limits broken", 11.0, 6, "MW", partial(broken, "EU0"), RUN.format("EU0"), 0.0, ""),
        (STUDY, "toy, M0: after red", 1785.0, 2, "EUR", partial(after, "EU0"), RUN.format("EU0"), 0.0, ""),
        (STUDY, "toy, M3: limits broken", 7.0, 6, "MW", partial(broken, "NY1"), RUN.format("NY1"), 0.0, ""),
        (STUDY, "toy, M3: sold twice", 5.0, 6, "MW", partial(double, "NY1", paid=False), RUN.format("NY1"), 0.0, ""),
        (STUDY, "toy, M3: paid twice", 135.0, 2, "EUR", partial(double, "NY1", paid=True), RUN.format("NY1"), 0.0, ""),
    ]
