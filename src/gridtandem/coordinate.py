"""One loop for every scheme. It counts rounds, checks the gap, keeps the letters, calls ``watch``; it decides nothing and prints nothing."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, Protocol, TypeVar, final, runtime_checkable

import numpy as np

from gridtandem.boundary.mailbox import Entry, Mail, Mailbox, Refusal, Refused
from gridtandem.boundary.taken_home import Agreement, Bargain, Keeping, Schedule
from gridtandem.errors import CannotAnswer, NotAgreed
from gridtandem.tables import Real

S = TypeVar("S")
S_contra = TypeVar("S_contra", contravariant=True)


class End(Enum):
    """How a run ended, as a sentence for the person who must act."""

    AGREED = "the parties agree within tolerance"
    ALONE = "each side has its own answer; nothing was agreed"
    REFUSED = "a party had no answer without which the scheme cannot go on"
    CYCLES = "the parties will not agree this way, however long it goes on; its trouble says why"
    OUT_OF_ROUNDS = "the round limit came first; raise it, or look at the last gaps for a stall"
    STOPPED = "stopped before the end; it can be resumed"


@final
@dataclass(frozen=True, slots=True)
class Gap:
    """How far from agreement, and how close is close enough."""

    now: float
    goal: float
    means: End = End.AGREED  # what it means when it closes
    trouble: str = ""  # why it will never close, where that is seen; ends the run

    @property
    def closed(self) -> bool:
        """NaN is not closed."""
        return self.now <= self.goal


def widest(*differences: Real) -> float:
    """Largest magnitude over the rows that have an answer; NaN if none has, 0 if there are no rows. Scenarios stand for themselves."""
    flat = np.concatenate([np.abs(d).ravel() for d in differences])
    if not flat.size:
        return 0.0
    return float(np.nanmax(flat)) if np.isfinite(flat).any() else math.nan


def farthest(*differences: Real) -> Real:
    """Largest magnitude within each scenario (first axis); NaN where a row of it has no answer, 0 if there are no rows."""
    flat = np.concatenate([np.abs(d).reshape(len(d), -1) for d in differences], axis=1)
    return np.asarray(flat.max(axis=1, initial=0.0), np.float64)


class Scheme(Protocol[S]):
    """A published way for a TSO and its DSOs to agree. Options are fields; memory is the state ``S``.

    It ends in an `Agreement` of load flow (`Flows`), a `Bargain` of markets (`Deals`), a `Schedule` of optimal power flow (`Dispatches`) or a
    `Keeping` of energy and reserve (`Keeps`).
    """

    @property
    def asks_tso(self) -> frozenset[type]: ...
    @property
    def asks_dsos(self) -> frozenset[type]: ...
    def start(self, mail: Mail, /) -> S: ...
    def round(self, mail: Mail, state: S, /) -> S: ...
    def gap(self, state: S, /) -> Gap: ...


class Flows(Scheme[S], Protocol[S]):
    """A scheme of load flow."""

    def agreement(self, state: S, /) -> Agreement: ...


class Deals(Scheme[S], Protocol[S]):
    """A scheme of markets."""

    def bargain(self, state: S, /) -> Bargain: ...


class Dispatches(Scheme[S], Protocol[S]):
    """A scheme of optimal power flow."""

    def schedule(self, state: S, /) -> Schedule: ...


class Keeps(Scheme[S], Protocol[S]):
    """A scheme of energy and reserve."""

    def keeping(self, state: S, /) -> Keeping: ...


@runtime_checkable
class ByScenario(Protocol[S_contra]):
    """A scheme that treats each scenario as if it were alone, so that many go together and each stops for itself."""

    def gaps(self, state: S_contra, /) -> Real:
        """How far each scenario is from agreement (scenario); NaN where it has no answer. `Scheme.gap` is the widest of them."""
        ...


@final
@dataclass(frozen=True, slots=True, eq=False)
class Outcome(Generic[S]):
    """Everything a run left behind, whatever its end."""

    end: End
    state: S | None  # None if the very start was refused
    gaps: tuple[float, ...] = ()
    goal: float = math.nan
    ledger: tuple[Entry, ...] = ()
    refused: tuple[Refusal, ...] = ()  # first causes; an agreement then holds for the other scenarios only

    @property
    def agreed(self) -> bool:
        """True if the gap closed."""
        return self.end is End.AGREED

    @property
    def answered(self) -> bool:
        """True if the parties have something to take home, agreed or not."""
        return self.end in (End.AGREED, End.ALONE)

    @property
    def trouble(self) -> str:
        """Why the parties will never agree, where the scheme has seen it."""
        return str(getattr(self.state, "trouble", ""))

    @property
    def rounds(self) -> int:
        """Rounds of the whole run, resumed parts included."""
        return len(self.gaps)

    def require(self) -> Outcome[S]:
        """The outcome itself, or `NotAgreed`: reading a plan from a run that found none takes a visible decision."""
        if not self.answered:
            last = self.gaps[-1] if self.gaps else math.nan
            told = f": {self.trouble}" if self.trouble else ""
            raise NotAgreed(f"no agreement after {self.rounds} rounds (gap {last:.3g}, goal {self.goal:.3g}): {self.end.value}{told}{self.causes()}")
        return self

    def causes(self) -> str:
        """Who refused what first."""
        told = "; ".join(
            f"{r.by} had no answer to {r.question} in {len(r.rows)} rows, first (scenario, period, interface) = {r.rows[0]}" for r in self.refused
        )
        return f"; {told}" if told else ""

    def books(self) -> dict[str, int]:
        """Letters by kind, and how many numbers and bytes crossed."""
        count = Counter(e.question for e in self.ledger)
        return {**count, "numbers": sum(e.numbers_down + e.numbers_up for e in self.ledger), "bytes": sum(e.bytes for e in self.ledger)}


def _silent(outcome: Outcome[Any]) -> None:
    """Watch nothing."""


def coordinate(
    mail: Mailbox,
    scheme: Scheme[S],
    *,
    rounds: int = 100,
    resume: Outcome[S] | None = None,
    watch: Callable[[Outcome[S]], None] = _silent,
    through: Callable[[Mailbox], Mail] = lambda mail: mail,
) -> Outcome[S]:
    """Let ``scheme`` run until its gap closes. Not to converge is a result, not an error.

    ``rounds`` counts those of the resumed run too. ``watch`` sees the outcome so far after every round; raising `KeyboardInterrupt`
    in it (or in a party) stops the run with what is there. ``through`` wraps the mailbox, e.g. in bad weather.
    """
    _check_contract(mail, scheme)
    if resume is not None and resume.answered:
        return resume
    gaps = [] if resume is None else list(resume.gaps)
    before = () if resume is None else resume.ledger
    heard = () if resume is None else resume.refused
    mail.refusals += heard
    since, state, goal, end = len(mail.ledger), None if resume is None else resume.state, math.nan, End.OUT_OF_ROUNDS
    road = through(mail)

    def so_far(end: End) -> Outcome[S]:
        return Outcome(end, state, tuple(gaps), goal, (*before, *mail.ledger[since:]), tuple(mail.refusals))

    try:
        mail.round = 0
        state = scheme.start(road) if state is None else state
        goal = scheme.gap(state).goal
        for k in range(len(gaps) + 1, rounds + 1):
            mail.round = k
            state = scheme.round(road, state)
            gap = scheme.gap(state)
            gaps.append(gap.now)
            if gap.closed and road.lag <= gap.goal:  # nobody may agree on stale letters
                end = gap.means
            elif math.isnan(gap.now):
                end = End.REFUSED
            elif gap.trouble:
                end = End.CYCLES
            watch(so_far(end if end is not End.OUT_OF_ROUNDS else End.STOPPED))
            if end is not End.OUT_OF_ROUNDS:
                break
    except Refused:
        end = End.REFUSED
    except KeyboardInterrupt:
        end = End.STOPPED
    return so_far(end)


def _check_contract(mail: Mailbox, scheme: Scheme[Any]) -> None:
    for party, asked in ((mail.tso, scheme.asks_tso), *((d, scheme.asks_dsos) for d, _ in mail.dsos)):
        if silent := sorted(q.__name__ for q in asked - party.answers):
            known = ", ".join(sorted(q.__name__ for q in party.answers)) or "nothing"
            raise CannotAnswer(f"{type(scheme).__name__} asks {party.name} for {', '.join(silent)}, which it does not answer; it answers {known}")
