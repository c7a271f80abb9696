"""Run a study: seat the parties, let the scheme coordinate, take the plans, hold them against the AC check, keep everything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from gridtandem.boundary.mailbox import Mail, Mailbox, Refusal
from gridtandem.coordinate import End, Outcome, coordinate
from gridtandem.study.compare import tabled
from gridtandem.study.craft import Craft, Watch
from gridtandem.study.judge import Verdict, judged
from gridtandem.study.plans import plans_of
from gridtandem.study.result import Result, nothing
from gridtandem.study.study import Seats, Study, seated

STALL, SLOW = 3, 0.8  # rounds looked at, and the ratio of gaps from which nine digits take about a hundred rounds
Through = Callable[[Mailbox], Mail]


def run(study: Study, *, save: Path | None = None, watch: Watch | None = None, through: Through | None = None) -> Result[Study, Verdict]:
    """Carry out a study, in a run file if one is named. What goes ``through`` something else than the mailbox itself arrives late, or not at all."""
    craft = CRAFT if through is None else replace(CRAFT, carried=partial(_carried, through=through))
    return craft.run(study, save=save, watch=watch)


def _carried(study: Study, seats: Seats, before: Outcome[Any] | None, watch: Watch, through: Through = lambda mail: mail) -> Result[Study, Verdict]:
    mail = seats.mailbox(study.scheme, (study.loading.shape[0], study.loading.shape[1]))
    outcome = coordinate(mail, study.scheme, rounds=study.rounds, resume=before, watch=watch, through=through)
    if not len(study.case.interfaces):
        outcome = _alone(seats, study, outcome)
    there = living(study, outcome)
    plans = tuple(plans_of(seats, study.scheme.agreement(outcome.state), st) for st in there)
    verdict = judged(seats.owner, plans) if plans else nothing(Verdict)
    trouble = (*explained(study, seats, outcome), *verdict.trouble)
    return Result(study=study, outcome=outcome, tables=verdict, judged=bool(plans), trouble=trouble)


CRAFT = Craft(study=Study, tables=Verdict, seated=seated, carried=_carried, tabled=tabled)
resume, reopened, compare = CRAFT.resume, CRAFT.reopened, CRAFT.compare


def _alone(seats: Seats, study: Study, outcome: Outcome[Any]) -> Outcome[Any]:
    """Without interfaces nobody can refuse a letter; the load flow itself says whether there is an answer."""
    unsolved = [st for st in np.ndindex(study.loading.shape) if not seats.owner.solve((st[0], st[1])).converged]
    if not unsolved:
        return outcome
    refusal = Refusal("tso", "Together", tuple((s, t, 0) for s, t in unsolved))
    return replace(outcome, end=End.REFUSED, refused=(*outcome.refused, refusal))


def living(study: Study, outcome: Outcome[Any]) -> list[tuple[int, int]]:
    """Scenarios and periods that have an agreement to be judged."""
    if not outcome.answered or outcome.state is None:
        return []
    v = study.scheme.agreement(outcome.state).v
    return [(s, t) for s, t in np.ndindex(v.shape[0], v.shape[1]) if np.isfinite(v[s, t]).all()]


def explained(study: Study, seats: Seats, outcome: Outcome[Any]) -> tuple[str, ...]:
    """Why a run has no answer, or not everywhere, in sentences; asked at the owners' doors."""
    said: list[str] = _stalled(outcome)
    if told := getattr(outcome.state, "trouble", ""):  # a scheme may know best why it refuses
        said.append(told)
    for refusal in outcome.refused:
        s, t, _ = refusal.rows[0]
        where = f" (scenario {s}, period {t})" if study.loading.size > 1 else ""
        if refusal.question in ("PowerAt", "ResponseAt", "PowerOver", "PortResponseAt") or (refusal.question == "Alone" and refusal.by != "tso"):
            said.append(_feeder_says(seats, refusal, outcome) + where)
        elif refusal.by == "tso" and refusal.question != "Together":
            draw = None if refusal.question == "Alone" else getattr(outcome.state, "draw", None)
            said.append(seats.transmission.explain(draw, (s, t)) + where)
        elif seats.holder is not None:
            said.append(seats.holder.explain((s, t)) + where)
        said.append(seats.owner.explain((s, t)) + where)
    return tuple(dict.fromkeys(said))


def _stalled(outcome: Outcome[Any]) -> list[str]:
    """One sentence where the gap hardly shrank over the last rounds, or grew."""
    last = [g for g in outcome.gaps[-STALL - 1 :] if np.isfinite(g) and g > 0]
    if outcome.end is not End.OUT_OF_ROUNDS or len(last) <= STALL:
        return []
    ratio = float((last[-1] / last[0]) ** (1 / STALL))
    if ratio < SLOW:
        return []
    word = "grows by" if ratio > 1 else "is still"
    return [
        f"the gap {word} a factor {ratio:.3f} per round: this exchange stalls or swings; take scheme response (or anderson), which see the slopes"
    ]


def _feeder_says(seats: Seats, refusal: Refusal, outcome: Outcome[Any]) -> str:
    fleet, rows = seats.fleets[seats.companies.index(refusal.by)]
    s, t, i = refusal.rows[0]
    state: Any = outcome.state
    v = state.draw.low if refusal.question == "PowerOver" else getattr(state, "v", None)  # low voltages are where load flows end
    asked = np.ones(len(rows), np.complex128)
    if v is not None:
        asked = np.nan_to_num(v[s, t, rows], nan=1.0) * np.exp(1j * np.nan_to_num(getattr(state, "angle", 0.0 * v)[s, t, rows]))
    whole = "; a curve needs a load flow at every voltage of its range, and controls that settle there" if refusal.question == "PowerOver" else ""
    return f"{refusal.by}, {fleet.explain(int(np.flatnonzero(rows == i)[0]), asked, (s, t))}{whole}"
