"""A day whose periods are dispatched one after the other, each from where the one before it agreed.

A scheme that can do so has a method ``after(mail, state)`` beside ``start(mail)``: where it begins with what is left of an earlier period. Every
period is coordinated by the one loop, in a mailbox of its own; together they are one outcome, which can be stopped and resumed at any round.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, final

import numpy as np

from gridtandem.boundary.mailbox import Entry, Mail, Refusal
from gridtandem.boundary.taken_home import Schedule
from gridtandem.coordinate import End, Gap, Outcome, coordinate
from gridtandem.study.dispatch.study import DayState, DispatchSeats, DispatchStudy


@final
@dataclass(frozen=True, slots=True)
class After:
    """A scheme that begins where it ended in an earlier period."""

    scheme: Any
    before: Any  # its state there

    @property
    def asks_tso(self) -> frozenset[type]:
        """Letters to transmission."""
        return frozenset(self.scheme.asks_tso)

    @property
    def asks_dsos(self) -> frozenset[type]:
        """Letters to distribution."""
        return frozenset(self.scheme.asks_dsos)

    def start(self, mail: Mail) -> Any:
        """From what is left."""
        return self.scheme.after(mail, self.before)

    def round(self, mail: Mail, state: Any) -> Any:
        """The scheme's own."""
        return self.scheme.round(mail, state)

    def gap(self, state: Any) -> Gap:
        """The scheme's own."""
        return self.scheme.gap(state)  # type: ignore[no-any-return]


def hour_by_hour(seats: DispatchSeats, study: DispatchStudy, before: Outcome[Any] | None, watch: Callable[[Outcome[Any]], None]) -> Outcome[Any]:
    """Coordinate all periods, each from the one before; the first as the scheme begins by itself. Ends with the first that does not agree."""
    if before is not None and before.answered:
        return before
    so_far: Outcome[Any] = Outcome(End.STOPPED, DayState((), ())) if before is None or before.state is None else before
    for t in range(max(len(_day(so_far).periods) - 1, 0), study.hours):
        past, state, gaps = _divided(so_far, t)
        scheme = study.scheme if t == 0 else After(study.scheme, _day(past).periods[-1])
        resumed = None if state is None else Outcome(End.AGREED if scheme.gap(state).closed else End.STOPPED, state, gaps, scheme.gap(state).goal)

        whole = partial(_joined, past, t, last=t + 1 == study.hours)
        mail, seen = hour(seats, t).mailbox(study.scheme), partial(_seen, watch, whole)
        now = coordinate(mail, scheme, rounds=study.rounds, resume=resumed, watch=seen)
        so_far = whole(now)
        if not now.answered:
            break
    return so_far


def hour(seats: DispatchSeats, t: int) -> DispatchSeats:
    """The parties as they sit in the t-th period alone."""
    here, above = slice(t, t + 1), seats.transmission
    transmission = replace(above, held=above.held[here], forecast=above.forecast[here], home=above.home[here])
    fleets = tuple(
        (replace(desk, held=tuple(h[here] for h in desk.held), home=tuple(h[here] for h in desk.home)), rows) for desk, rows in seats.fleets
    )
    return replace(seats, cases=seats.cases[here], transmission=transmission, fleets=fleets)


def schedule_of(study: DispatchStudy, state: Any) -> Schedule:
    """What the parties take home, of all periods."""
    if not isinstance(state, DayState):
        return study.scheme.schedule(state)  # type: ignore[no-any-return]
    each = [study.scheme.schedule(s) for s in state.periods]
    y, price, below = (np.concatenate([getattr(s, name) for s in each], 1) for name in ("y", "price", "below"))
    return Schedule(y, price, below)


def rounds_by_period(state: Any) -> tuple[int, ...]:
    """Rounds that each period took; nothing where all went together."""
    return state.rounds if isinstance(state, DayState) else ()


def _day(so_far: Outcome[Any]) -> DayState:
    assert isinstance(so_far.state, DayState)
    return so_far.state


def _divided(so_far: Outcome[Any], t: int) -> tuple[Outcome[Any], Any, tuple[float, ...]]:
    """Everything before the t-th period with all letters; the state of that one, where it has begun, and its gaps."""
    day = _day(so_far)
    done = sum(day.rounds[:t])
    past = replace(so_far, state=DayState(day.periods[:t], day.rounds[:t]), gaps=so_far.gaps[:done])
    return past, day.periods[t] if t < len(day.periods) else None, so_far.gaps[done:]


def _seen(watch: Callable[[Outcome[Any]], None], whole: Callable[[Outcome[Any]], Outcome[Any]], now: Outcome[Any]) -> None:
    watch(whole(now))


def _joined(past: Outcome[Any], t: int, now: Outcome[Any], *, last: bool) -> Outcome[Any]:
    """The day up to now."""
    day, done = _day(past), len(past.gaps)
    state = day if now.state is None else DayState((*day.periods, now.state), (*day.rounds, now.rounds))
    letters = tuple(Entry(e.round + done, e.to, e.question, e.interfaces, e.numbers_down, e.numbers_up, e.bytes) for e in now.ledger)
    refused = tuple(Refusal(r.by, r.question, tuple((s, t, i) for s, _, i in r.rows)) for r in now.refused)
    end = End.STOPPED if now.answered and not last else now.end
    return Outcome(end, state, (*past.gaps, *now.gaps), now.goal, (*past.ledger, *letters), (*past.refused, *refused))
