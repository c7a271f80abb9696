"""Simulated days in words and for machines: a table for each scenario, cheapest first; who changes places; structure against what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from gridtandem.architecture.simulation.campaign import Simulated
from gridtandem.architecture.simulation.correlations import CHANCE, CONDITIONS, FEWEST, Correlations
from gridtandem.architecture.simulation.results import Results
from gridtandem.architecture.simulation.scenarios import MEANINGS
from gridtandem.architecture.verdicts.findings import SHORT
from gridtandem.report.architecture.simulated import SimulationRun, by_scenario
from gridtandem.report.tables import as_records, plain
from gridtandem.study.provenance import provenance
from gridtandem.tables import Names, Real, Table, column

SCHEMA = "tandem/architecture-simulation/1"
LIGHTS = {"none": "no lights", "two": "lights of two colours", "three": "lights of three colours"}
ALL = 10_000  # rows: all of them


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Day(Table):
    """One scenario for readers, one architecture a row."""

    kind: ClassVar[str] = "day"
    architecture: Names = column("identifier of the architecture", dtype="U")
    procedure: Names = column("M0 to M12", dtype="U")
    cost: Real = column("after the network operators made the dispatch feasible", unit="currency")
    dearer: Real = column("cost above the ideal one", unit="percent")
    over: Real = column("power beyond ratings of feeders by AC load flow, before they act", unit="MVAh")
    over_after: Real = column("the same, after they act", unit="MVAh")
    volts: Real = column("voltage beyond limits of feeders, before they act", unit="pu·h")
    volts_after: Real = column("the same, after they act", unit="pu·h")
    red_mwh: Real = column("moved by network operators", unit="MWh")
    missed: Real = column("activations that came too late, or never")
    messages: Real = column("messages sent")
    fan_in: Real = column("messages that reach the busiest decider in an interval")


FROM = {
    "dearer": "gap_percent", "over": "violation_before", "over_after": "violation_after", "volts": "voltage_before", "volts_after": "voltage_after",
}  # fmt: skip


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Told(Table):
    """One measure a row: what the structure says of it."""

    kind: ClassVar[str] = "structure against measures"
    principle: Names = column("structural principle", dtype="U")
    measure: Names = column("column of the results", dtype="U")
    nominal: Real = column("rank correlation on the nominal day")
    p_nominal: Real = column("share of orders at least as far from 0")
    degraded: Real = column("the same of degraded days")
    p_degraded: Real = column("share of orders at least as far from 0")


def in_words(run: SimulationRun) -> str:
    """Everything that fits on a screen."""
    return "\n\n".join(_parts(run))


def _parts(run: SimulationRun) -> Iterator[str]:
    found, results = run.found, run.results
    first, hours = found.settings["first"], f"{results.hours[0]:g} h" if len(results) else "nothing"
    chosen = f"{found.settings['envelope']} envelopes, {LIGHTS[str(found.settings['lights'])]}"
    yield f"{found.case}: {hours} from period {first}, {chosen}, seed {found.settings['seed']}; {_far(found, len(results))}"
    for scenario in dict.fromkeys(results.scenario.tolist()):
        yield _day(run, scenario)
    if len(found.scenarios) > 1:
        yield changes_in_words(run)
    if len(found.scenarios) > 1 and len({graph.family for graph in found.architectures}) > 1:
        yield families_in_words(run)
    yield correlations_in_words(run.correlations)


def _far(found: Simulated, done: int) -> str:
    """How many pairs there are of those asked for, and which the file has besides."""
    besides = f", {found.besides} more in {found.path}" if found.besides else ""
    earlier = f", {found.earlier} asked for by earlier calls" if found.earlier else ""
    return f"{done} of {found.size} simulated{besides}{earlier}"


def _day(run: SimulationRun, scenario: str) -> str:
    mine = run.places.take(np.flatnonzero(run.places.scenario == scenario))
    rows = _rows(run.results, scenario, mine.architecture.tolist())
    day = Day.of({name: getattr(rows, FROM.get(name, name)) for name in Day.columns()})
    told = [f"{scenario}: {MEANINGS[scenario]}; one owner of all models pays {rows.ideal[0]:,.2f}", plain(day, rows=ALL)]
    for said in (rows.trouble, rows.note):
        told += [f"{name}: {words}" for name, words in zip(rows.architecture.tolist(), said.tolist(), strict=True) if words]
    return "\n".join(told)


def _rows(results: Results, scenario: str, names: Sequence[str]) -> Results:
    """Those of a scenario, in this order."""
    at = {str(n): k for k, n in enumerate(results.architecture) if results.scenario[k] == scenario}
    return results.take(np.array([at[n] for n in names], np.int64))


def changes_in_words(run: SimulationRun) -> str:
    """Place of each architecture in each scenario, ordered by the first one."""
    scenarios = [s for s in run.found.scenarios if s in run.places.scenario]
    place = by_scenario(run.places)
    order = sorted(place, key=lambda n: (place[n].get(scenarios[0], len(place)), n)) if scenarios else []
    head = ["places by cost", *scenarios, "moves"]
    body = [[n, *(str(place[n].get(s, "–")) for s in scenarios), _moves(place[n], scenarios)] for n in order]
    return "\n".join(
        [*_aligned([head, *body]), "moves: most places lost (+) or won (−) against the first scenario; costs that are the same share a place"]
    )


def families_in_words(run: SimulationRun) -> str:
    """Mean place of each family, and who overtakes whom where something goes wrong."""
    scenarios, mean = [s for s in run.found.scenarios if s in run.places.scenario], by_family(run)
    head = ["mean place", *scenarios]
    body = [[family, *(f"{each[s]:.1f}" if s in each else "–" for s in scenarios)] for family, each in sorted(mean.items())]
    told = [f"{s}: {', '.join(pairs)}" for s in scenarios[1:] if (pairs := overtaking(mean, scenarios[0], s))]
    told = told or ["No family overtakes another: on this grid nothing says that some designs win where something goes wrong."]
    return "\n".join([*_aligned([head, *body]), *told])


def by_family(run: SimulationRun) -> dict[str, dict[str, float]]:
    """Mean place by family and scenario."""
    family = {graph.id: graph.family for graph in run.found.architectures}
    found: dict[str, dict[str, list[int]]] = {}
    for name, each in by_scenario(run.places).items():
        for scenario, place in each.items():
            found.setdefault(family[name], {}).setdefault(scenario, []).append(place)
    return {f: {s: sum(places) / len(places) for s, places in each.items()} for f, each in found.items()}


def overtaking(mean: dict[str, dict[str, float]], first: str, scenario: str) -> list[str]:
    """Families that stood behind another in the first scenario, and stand before it in this one."""
    there = sorted(family for family, each in mean.items() if first in each and scenario in each)
    before = [(a, b) for a in there for b in there if mean[a][first] > mean[b][first] and mean[a][scenario] < mean[b][scenario]]
    return [f"{a} overtakes {b}" for a, b in before]


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """The first column to the left, all others to the right."""
    wide = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return ["  ".join([row[0].ljust(wide[0]), *(c.rjust(w) for c, w in zip(row[1:], wide[1:], strict=True))]) for row in rows]


def _moves(place: dict[str, int], scenarios: Sequence[str]) -> str:
    moved = [place[s] - place[scenarios[0]] for s in scenarios[1:] if s in place and scenarios[0] in place]
    most = max(moved, key=abs, default=0)
    return f"{most:+d}".replace("-", "−") if most else "0"


def correlations_in_words(found: Correlations) -> str:
    """What the structure tells of what was measured, and of what it tells nothing."""
    most = int(found.pairs.max(initial=0))
    if most < FEWEST:
        return f"Structure against measures: {FEWEST} architectures or more are needed."
    rows = [
        [SHORT[p].name, m, *(x for c in CONDITIONS for x in _pair(found, p, m, c))]
        for p, m in dict.fromkeys(zip(found.principle.tolist(), found.measure.tolist(), strict=True))
    ]
    table = Told.of(dict(zip(Told.columns(), map(list, zip(*rows, strict=True)), strict=True)))
    head = "Structure against measures (Spearman; 1: a worse score goes with a worse day):"
    return "\n".join([head, plain(table, rows=ALL), *_verdict(found)])


def _pair(found: Correlations, principle: str, measure: str, condition: str) -> tuple[float, float]:
    (row,) = np.flatnonzero((found.principle == principle) & (found.measure == measure) & (found.condition == condition)).tolist()
    return float(found.rho[row]), float(found.p_value[row])


def _verdict(found: Correlations) -> Iterator[str]:
    """How many there are of each sort."""
    for condition in CONDITIONS:
        mine = found.take(np.flatnonzero(found.condition == condition))
        known = mine.take(np.flatnonzero(np.isfinite(mine.rho)))
        if not len(known):
            yield f"{condition}: no answer"
            continue
        sure = known.p_value <= CHANCE
        told, against, nothing = (int(x.sum()) for x in (sure & (known.rho > 0), sure & (known.rho < 0), ~sure))
        yield (
            f"{condition}: of {len(mine)} measures, {told} get worse with the score and {against} get better; chance explains {nothing} "
            f"(null results, p > {CHANCE:g}), and {len(mine) - len(known)} cannot be ranked"
        )


def document(run: SimulationRun) -> dict[str, object]:
    """Everything for machines."""
    found = run.found
    return {
        "schema": SCHEMA, "case": found.case, "settings": dict(found.settings), "end": found.end.name.lower(),
        "asked": found.size, "besides": found.besides,
        "scenarios": {name: MEANINGS.get(name, "") for name in found.scenarios}, "architectures": [graph.id for graph in found.architectures],
        "families": by_family(run), **{name: as_records(table) for name, table in run.tables.items()},
        "scores": {k: dict(v) for k, v in run.scores.items()},
        "run_file": None if run.path is None else str(run.path), "made_with": provenance(),
    }  # fmt: skip
