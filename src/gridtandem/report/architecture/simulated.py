"""Simulated architectures as people hold them in their hands: results by scenario, places by cost, structure against physics, pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, final

import numpy as np

from gridtandem.architecture.graph import Graph
from gridtandem.architecture.simulation.campaign import Arb, Campaign, Simulated, reopened, settled
from gridtandem.architecture.simulation.conduct import Choices, Joint, Lights
from gridtandem.architecture.simulation.correlations import Correlations, correlations, scores_of
from gridtandem.architecture.simulation.costs import ranked_by_cost
from gridtandem.architecture.simulation.envelopes import Rule
from gridtandem.architecture.simulation.kept import Asked
from gridtandem.architecture.simulation.results import Deciders, Links, Results
from gridtandem.architecture.simulation.scenarios import SCENARIOS, Setting
from gridtandem.architecture.verdicts.judged import judge
from gridtandem.cases.case import Case
from gridtandem.coordinate import End
from gridtandem.errors import Fault, InvalidCase, TandemError, UnknownName
from gridtandem.grid.network import Network
from gridtandem.opf.forms.lindist import Flow
from gridtandem.report.architecture.arguments import sound, wrong
from gridtandem.report.architecture.verdicts import asked
from gridtandem.report.front import opened_case
from gridtandem.study.experiment import Watch, of_rows
from gridtandem.study.shelf import place_of_architectures
from gridtandem.tables import Index, Names, Real, Table, column

if TYPE_CHECKING:
    from matplotlib.figure import Figure

USUAL = ("nominal", "stale-model", "lost-link", "compromised", "der-x10")
PICTURES = ("ranking", "scores")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Places(Table):
    """Who comes where under a scenario, by cost."""

    kind: ClassVar[str] = "places"
    architecture: Names = column("identifier of the architecture", dtype="U")
    scenario: Names = column("name of the scenario", dtype="U")
    place: Index = column("1: the cheapest; costs that are the same share a place", dtype="i8", at_least=1)
    cost: Real = column("cost after the network operators made the dispatch feasible", unit="currency")
    gap_percent: Real = column("cost above the ideal one of that scenario", unit="%")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class SimulationRun:
    """Architectures simulated on one grid."""

    found: Simulated
    places: Places
    correlations: Correlations
    scores: Mapping[str, Mapping[str, float]]  # by architecture and principle; more is worse

    @staticmethod
    def of(found: Simulated) -> SimulationRun:
        """With what follows from the results."""
        scores = {graph.id: scores_of(judge(graph)) for graph in found.architectures}
        return SimulationRun(found=found, places=places(found.results), correlations=correlations(found.results, scores), scores=scores)

    @staticmethod
    def opened(path: str | Path) -> SimulationRun:
        """All pairs in a file, read without simulating anything."""
        return SimulationRun.of(reopened(Path(path)))

    @property
    def results(self) -> Results:
        """One row for each architecture under each scenario."""
        return self.found.results

    @property
    def links(self) -> Links:
        """What went over each link."""
        return self.found.links

    @property
    def deciders(self) -> Deciders:
        """What each node decided."""
        return self.found.deciders

    @property
    def tables(self) -> Mapping[str, Table]:
        """All of them by name."""
        kept = {name: getattr(self.found, name) for name in ("results", "links", "deciders", "payments", "lights")}
        return {**kept, "places": self.places, "correlations": self.correlations}

    @property
    def end(self) -> End:
        """Whether something of what was asked is missing."""
        return self.found.end

    @property
    def trouble(self) -> tuple[str, ...]:
        """What went wrong in some pair."""
        named = zip(self.results.architecture.tolist(), self.results.scenario.tolist(), self.results.trouble.tolist(), strict=True)
        return tuple(f"{name}, {scenario}: {said}" for name, scenario, said in named if said)

    @property
    def path(self) -> Path | None:
        """Its run file."""
        return self.found.path

    def plot(self, kind: str = "ranking") -> Figure:
        """How places change from nominal to degraded scenarios (``ranking``), or structural scores against what was measured (``scores``)."""
        from gridtandem.report.architecture.ranking import ranking
        from gridtandem.report.architecture.scattered import scattered

        if kind not in PICTURES:
            raise UnknownName("picture of simulated architectures", kind, PICTURES)
        return ranking(self) if kind == "ranking" else scattered(self)

    def document(self) -> dict[str, object]:
        """Everything, for machines."""
        from gridtandem.report.architecture.days import document

        return document(self)

    def __repr__(self) -> str:
        from gridtandem.report.architecture.days import in_words

        return in_words(self)


def simulate(
    case: Case | Network | str | Path,
    which: Sequence[str | Graph] = ("all",),
    scenarios: Sequence[str] | Literal["all"] = USUAL,
    *,
    first_hour: int = 1,
    hours: int = 0,
    envelope: Rule = "equal",
    lights: Lights = "none",
    joint: Joint = "shared",
    price: float | None = None,
    flow: Flow = "apparent",
    arb: Arb = "middle",
    seed: int = 0,
    save: str | Path | Callable[[Setting], Path] | None = None,
    resume: bool = False,
    watch: Watch | None = None,
) -> SimulationRun:
    """Simulate architectures on a case over a day: the twin of ``tandem architecture simulate``.

    ``which`` are names of published ones, files, "all", or graphs. ``hours`` periods from ``first_hour`` (counted from 1), by default all that the
    case has. ``envelope`` says how distribution shares headroom out, ``lights`` sets traffic lights of two or three colours at feeders, ``joint``
    says whether those who decide together share models or exchange letters, ``price`` is that of an agreed exchange, ``flow`` what ratings of feeders
    limit, ``arb`` how far platforms settle between buyers of what their interval allows. With ``save``, a path or `place`, every pair is kept at
    once; ``resume`` takes from that file what it has. All that is wrong with what was asked is told at once.
    """
    faults = wrong(
        "simulate", {
            "which": which, "scenarios": scenarios, "first_hour": first_hour, "hours": hours, "envelope": envelope, "lights": lights,
            "joint": joint, "price": price, "flow": flow, "arb": arb, "seed": seed,
        }
    )  # fmt: skip
    which, scenarios = sound(faults, "which", which, ("all",)), sound(faults, "scenarios", scenarios, USUAL)
    setting = setting_of(case, faults, first_hour=first_hour, hours=hours, flow=flow, seed=seed)
    setting = replace(setting, choices=Choices(envelope=envelope, lights=lights, joint=joint, price=price if price is None else float(price)))
    settling = sound(faults, "arb", arb, "middle")
    graphs = [settled(graph, settling) for graph in designs(which, faults)]
    campaign = Campaign(setting=setting, architectures=tuple(graphs), scenarios=tuple(SCENARIOS if scenarios == "all" else scenarios))
    if faults or not graphs or not scenarios:
        raise InvalidCase([*faults, *_none(which, scenarios), *campaign.faults()])
    path = save(setting) if callable(save) else None if save is None else Path(save)
    return SimulationRun.of(campaign.run(save=path, resume=resume, watch=watch))


def setting_of(case: Case | Network | str | Path, faults: Sequence[Fault], *, first_hour: int, hours: int, flow: Flow, seed: int) -> Setting:
    """The day that is asked for; in place of words that are wrong, the usual ones."""
    first, many, draws = (int(sound(faults, *x)) for x in (("first_hour", first_hour, 1), ("hours", hours, 0), ("seed", seed, 0)))
    return Setting(case=opened_case(case), flow=sound(faults, "flow", flow, "apparent"), first=first, hours=many, seed=draws)


def designs(which: Sequence[str | Graph], faults: list[Fault]) -> list[Graph]:
    """Architectures by name, in files, all published ones, or graphs themselves; what is none of these leaves its faults."""
    graphs = list[Graph]()
    for word in which:
        try:
            graphs += [word] if isinstance(word, Graph) else asked(word)
        except TandemError as e:
            faults += no_design(e)
    return graphs


def no_design(e: TandemError) -> Sequence[Fault]:
    """Why a word is no architecture."""
    return e.faults if isinstance(e, InvalidCase) else [Fault("architecture", str(e), "see `tandem architecture list`", "arch-141")]


def place(setting: Setting) -> Path:
    """Where the run file of a setting belongs."""
    return place_of_architectures(Asked(setting))


def places(results: Results) -> Places:
    """Within each scenario; who has no cost comes last."""
    rows: list[tuple[object, ...]] = []
    for scenario in dict.fromkeys(results.scenario.tolist()):
        mine = results.take(np.flatnonzero(results.scenario == scenario))
        place = ranked_by_cost(mine.cost, mine.ideal)
        for k in np.lexsort((mine.architecture, mine.cost)).tolist():  # what is no number comes last
            rows.append((str(mine.architecture[k]), scenario, int(place[k]), float(mine.cost[k]), float(mine.gap_percent[k])))
    return of_rows(Places, rows)


def by_scenario(places: Places) -> dict[str, dict[str, int]]:
    """Place by architecture and scenario."""
    out: dict[str, dict[str, int]] = {}
    for name, scenario, at in zip(places.architecture.tolist(), places.scenario.tolist(), places.place.tolist(), strict=True):
        out.setdefault(name, {})[scenario] = at
    return out


def _none(which: Sequence[object], scenarios: Sequence[str]) -> list[Fault]:
    """Nothing to simulate."""
    given = (("architecture", which), ("scenario", scenarios))
    return [Fault(what, "is not named", "name at least one", "arch-142") for what, found in given if not found]
