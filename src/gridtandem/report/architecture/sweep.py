"""Sweeps over architectures in words and for machines: a row for each over levels, where the order changes, where each stops to work by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, final

import numpy as np

from gridtandem.architecture.graph import Graph
from gridtandem.architecture.simulation.scenarios import MEANINGS
from gridtandem.architecture.simulation.sweeps import Changes, Stops, Sweep, Sweeping, Swept
from gridtandem.architecture.simulation.varied import VARIED
from gridtandem.cases.case import Case
from gridtandem.coordinate import End
from gridtandem.errors import InvalidCase
from gridtandem.grid.network import Network
from gridtandem.opf.forms.lindist import Flow
from gridtandem.report.architecture.arguments import sound, wrong
from gridtandem.report.architecture.simulated import designs, setting_of
from gridtandem.report.tables import as_records, plain
from gridtandem.study.experiment import Watch
from gridtandem.study.provenance import provenance
from gridtandem.tables import Real

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCHEMA = "tandem/architecture-sweep/1"
ALL = 10_000  # rows: all of them
SHOWN: Mapping[str, tuple[str, int]] = {  # what is told of each level, and to how many decimals
    "above_percent": ("cost above the ideal [% of it]", 3), "rank": ("rank by cost; the same cost shares a rank", 0),
    "over": ("power beyond ratings of feeders before operators act [MVAh]", 3),
    "volts": ("voltage beyond limits of feeders before operators act [pu·h]", 3), "red_mwh": ("moved by operators in red [MWh]", 3),
    "unserved_mwh": ("demand not served [MWh]", 3), "missed": ("activations too late", 0),
    "fan_in": ("messages to the busiest decider in an interval", 1), "messages": ("messages", 0),
}  # fmt: skip
ALWAYS = ("above_percent", "rank", "fan_in", "messages")  # the others only where they are not 0


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class SweepRun:
    """Architectures over levels of one thing."""

    found: Sweeping

    @property
    def swept(self) -> Swept:
        """One row for each architecture at each level."""
        return self.found.swept

    @property
    def changes(self) -> Changes:
        """Where the order of two changes."""
        return self.found.changes

    @property
    def stops(self) -> Stops:
        """Where each stops to work by itself."""
        return self.found.stops

    @property
    def end(self) -> End:
        """Whether levels are missing."""
        return self.found.end

    @property
    def trouble(self) -> tuple[str, ...]:
        """What went wrong in some pair."""
        rows = zip(self.swept.architecture.tolist(), self.swept.level.tolist(), self.swept.trouble.tolist(), strict=True)
        return tuple(f"{name} at {level:g}: {said}" for name, level, said in rows if said)

    def plot(self) -> Figure:
        """Cost above the ideal, and what breaks limits, over levels."""
        from gridtandem.report.architecture.sweep_picture import drawn

        return drawn(self)

    def document(self) -> dict[str, object]:
        """Everything, for machines."""
        what = self.found.sweep
        tables = {"swept": self.swept, "changes": self.changes, "stops": self.stops}
        return {
            "schema": SCHEMA, "case": what.setting.case.name, "vary": what.vary, "meaning": VARIED[what.vary].meaning, "levels": list(what.steps),
            "scenario": what.scenario, "architectures": [g.id for g in what.architectures], "end": self.end.name.lower(),
            **{name: as_records(table) for name, table in tables.items()}, "made_with": provenance(),
        }  # fmt: skip

    def __repr__(self) -> str:
        return "\n".join(_lines(self))


def sweep(
    case: Case | Network | str | Path,
    which: Sequence[str | Graph],
    *,
    vary: str,
    levels: Sequence[float] = (),
    scenario: str = "nominal",
    first_hour: int = 1,
    hours: int = 0,
    flow: Flow = "apparent",
    seed: int = 0,
    watch: Watch | None = None,
) -> SweepRun:
    """Vary one thing and simulate architectures at each level: the twin of ``tandem architecture sweep``.

    ``which`` are names of published ones, files, "all", or graphs. ``vary`` is one of penetration, congestion, latency, bypass, stale and count;
    ``levels`` are by default usual ones of it. All that is wrong with what was asked is told at once.
    """
    faults = wrong(
        "sweep", {
            "which": which, "vary": vary, "levels": levels, "scenario": scenario, "first_hour": first_hour, "hours": hours, "flow": flow,
            "seed": seed,
        }
    )  # fmt: skip
    setting = setting_of(case, faults, first_hour=first_hour, hours=hours, flow=flow, seed=seed)
    graphs = designs(sound(faults, "which", which, ("R1",)), faults)
    what = Sweep(
        setting=setting, architectures=tuple(graphs), vary=sound(faults, "vary", vary, "latency"),
        levels=tuple(sound(faults, "levels", levels, ())), scenario=sound(faults, "scenario", scenario, "nominal"),
    )  # fmt: skip
    if faults:
        raise InvalidCase([*faults, *what.faults()])
    return SweepRun(found=what.run(watch=watch))


def _lines(run: SweepRun) -> Iterator[str]:
    what = run.found.sweep
    yield f"{what.setting.case.name}, {what.scenario}: {MEANINGS[what.scenario]}"
    yield f"{what.vary}: {VARIED[what.vary].meaning}"
    for name, (title, decimals) in SHOWN.items():
        values = np.asarray(getattr(run.swept, name), np.float64)
        if name in ALWAYS or (values >= 0.5 * 10**-decimals).any():
            yield ""
            yield title
            yield from across(run.swept, values, decimals)
    yield ""
    yield from changes_in_words(run.changes)
    yield ""
    yield "Where each stops to work by itself"
    yield plain(run.stops, rows=ALL)
    yield from (f"trouble: {said}" for said in run.trouble)


def across(swept: Swept, values: Real, decimals: int) -> Iterator[str]:
    """One architecture a line, levels side by side."""
    names, levels = list(dict.fromkeys(swept.architecture.tolist())), np.unique(swept.level).tolist()
    at: Mapping[tuple[str, float], float] = {(n, x): v for n, x, v in zip(swept.architecture, swept.level, values.tolist(), strict=True)}
    body = [["", *(f"{x:g}" for x in levels)]]
    body += [[name, *(_cell(at.get((name, x), np.nan), decimals) for x in levels)] for name in names]
    wide = [max(len(row[k]) for row in body) for k in range(len(body[0]))]
    yield from ("  ".join([row[0].ljust(wide[0]), *(c.rjust(w) for c, w in zip(row[1:], wide[1:], strict=True))]).rstrip() for row in body)


def _cell(value: float, decimals: int) -> str:
    return "–" if np.isnan(value) else f"{round(value, decimals) + 0.0:,.{decimals}f}"


def changes_in_words(found: Changes) -> Iterator[str]:
    """From level to level, who overtakes whom."""
    if not len(found):
        yield "The order is the same at all levels."
        return
    yield "The order changes"
    for low, high in dict.fromkeys(zip(found.low.tolist(), found.high.tolist(), strict=True)):
        mine = found.take((found.low == low) & (found.high == high))
        yield f"  {low:g} to {high:g}"
        yield from (f"    {line}" for line in _told(mine))


def _told(mine: Changes) -> Iterator[str]:
    """Between two levels: who overtakes, falls behind, catches up."""
    swaps = mine.what == "swap"
    for name in dict.fromkeys(mine.cheaper[swaps].tolist()):
        behind = mine.take(swaps & (mine.cheaper == name))
        told = zip(behind.dearer.tolist(), behind.about.tolist(), strict=True)
        yield f"{name} overtakes {', '.join(f'{other} (about {about:.3g})' for other, about in told)}"
    for what, word in (("part", "falls behind"), ("meet", "catches up with")):
        pairs = mine.take(mine.what == what)
        for name in dict.fromkeys(pairs.dearer.tolist()):
            yield f"{name} {word} {', '.join(pairs.cheaper[pairs.dearer == name].tolist())}"
