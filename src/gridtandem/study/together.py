"""Many scenarios through one loop, each as if it were alone: it stops at its own round, dies alone, and its answer does not know the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, final

import numpy as np

from gridtandem.boundary.curves import overlaid, scenarios
from gridtandem.boundary.letters import Bends
from gridtandem.boundary.mailbox import Mailbox, Refusal
from gridtandem.boundary.taken_home import Agreement
from gridtandem.coordinate import ByScenario, End, Outcome, coordinate
from gridtandem.study.study import Seats, Study
from gridtandem.tables import Flag, Index, Real


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Group:
    """Scenarios of the same seats (rows of them) that went through one loop."""

    rows: Index
    seats: Seats  # of these rows
    end: tuple[End, ...]
    rounds: Index
    asked: Index  # feeders that were asked until then, by the ledger, one by one and letter by letter
    why: tuple[str, ...]
    state: Any  # of each row as it was when that row stopped; None where none did
    agreement: Agreement | None

    @property
    def ok(self) -> Flag:
        """Which have an answer."""
        return np.array([end in (End.AGREED, End.ALONE) for end in self.end], bool)


def together(study: Study, seats: Seats, start: Any = None) -> tuple[Group, ...]:
    """All scenarios of these seats, from each one's own start or from ``start``, a state with a row for each.

    A scheme that does not treat scenarios as if each were alone (`gridtandem.coordinate.ByScenario`) is run once for each.
    """
    size = len(seats.transmission.loading)
    if isinstance(study.scheme, ByScenario):
        return (_group(study, seats, np.arange(size), start),) if size else ()
    return tuple(_alone(study, one, k) for k, one in enumerate(_each(seats)))


@final
@dataclass(slots=True, eq=False, kw_only=True)
class _Watch:
    """Keeps each scenario's state as it is when that scenario stops, and first causes."""

    seats: Seats
    scheme: Any
    mail: Mailbox
    rounds: Index
    done: Flag
    dead: Flag
    why: list[str]
    means: End = End.AGREED
    kept: Any = None
    before: Real | None = None  # voltages of the round before
    refusals: int = 0

    def __call__(self, outcome: Outcome[Any]) -> None:
        state, gap = outcome.state, self.scheme.gap(outcome.state)
        near = np.asarray(self.scheme.gaps(state) <= gap.goal)
        new = np.flatnonzero(near & ~self.done & ~self.dead)
        self.done[new], self.rounds[new], self.means = True, outcome.rounds, gap.means
        self.kept = state if self.kept is None else _overlaid(self.kept, state, new)
        for refusal in self.mail.refusals[self.refusals :]:
            self._died(refusal, state, outcome.rounds)
        self.refusals = len(self.mail.refusals)
        self.before = self.scheme.agreement(state).v

    def _died(self, refusal: Refusal, state: Any, rounds: int) -> None:
        for s in sorted({row[0] for row in refusal.rows}):
            if not self.done[s]:
                self.dead[s], self.rounds[s] = True, rounds
                self.why[s] = self._told(refusal, state, s)

    def _told(self, refusal: Refusal, state: Any, s: int) -> str:
        if refusal.by in ("tso", "owner"):
            if refusal.question == "Together":
                return f"all networks as one: {self.seats.owner.solve((s, 0)).trouble}"
            if self.seats.holder is not None:
                return self.seats.holder.explain((s, 0))
            draw = getattr(state, "draw", None)
            found = self.seats.transmission.solve(draw, (s, 0))
            return f"{self.seats.transmission.network.name}: " + ("a feeder gave no answer" if found is None else found.trouble)
        rows = [i for r, _, i in refusal.rows if r == s]
        names = ", ".join(repr(str(self.seats.owner.interfaces.name[i])) for i in rows[:5]) + (f" and {len(rows) - 5} more" if len(rows) > 5 else "")
        at = "" if self.before is None else f" at {self.before[s, 0, rows[0]]:.4f} pu"
        return f"{refusal.by}: no load flow behind {names}{at}"


def _group(study: Study, seats: Seats, rows: Index, start: Any) -> Group:
    size, scheme = len(rows), study.scheme
    mail = seats.mailbox(scheme, (size, 1), weigh=False)
    watch = _Watch(
        seats=seats, scheme=scheme, mail=mail, rounds=np.zeros(size, np.int64), done=np.zeros(size, bool), dead=np.zeros(size, bool), why=[""] * size,
        before=None if start is None else scheme.agreement(start).v,
    )  # fmt: skip
    resumed: Outcome[Any] | None = None if start is None else Outcome(End.STOPPED, start)
    outcome = coordinate(mail, scheme, rounds=study.rounds, resume=resumed, watch=watch)
    if outcome.end is End.STOPPED:
        raise KeyboardInterrupt
    for refusal in mail.refusals[watch.refusals :]:  # of a round that could not be ended
        watch._died(refusal, outcome.state, outcome.rounds)
    end = tuple(watch.means if d else End.REFUSED if r else _open(outcome) for d, r in zip(watch.done, watch.dead, strict=True))
    rounds = np.where(watch.done | watch.dead, watch.rounds, outcome.rounds)
    why = tuple(w or ("" if d else _reason(outcome)) for w, d in zip(watch.why, watch.done, strict=True))
    agreement = None if watch.kept is None else scheme.agreement(watch.kept)
    asked = _asked(seats, mail, rounds)
    return Group(rows=rows, seats=seats, end=end, rounds=rounds, asked=asked, why=why, state=watch.kept, agreement=agreement)


def _alone(study: Study, seats: Seats, row: int) -> Group:
    mail = seats.mailbox(study.scheme, (1, 1), weigh=False)
    outcome = coordinate(mail, study.scheme, rounds=study.rounds)
    if outcome.end is End.STOPPED:
        raise KeyboardInterrupt
    good = outcome.answered and not outcome.refused
    end = outcome.end if good or not outcome.answered else End.REFUSED
    why = "" if good else getattr(outcome.state, "trouble", "") or outcome.causes().removeprefix("; ") or _reason(outcome)
    agreement, rounds = study.scheme.agreement(outcome.state) if good else None, np.array([outcome.rounds])
    asked = _asked(seats, mail, rounds)
    return Group(rows=np.array([row]), seats=seats, end=(end,), rounds=rounds, asked=asked, why=(why,), state=outcome.state, agreement=agreement)


def _asked(seats: Seats, mail: Mailbox, rounds: Index) -> Index:
    """Answers of single feeders that each row took, up to its own last round: what comes later is asked for the sake of others."""
    own = [(entry.round, entry.interfaces) for entry in mail.ledger if entry.to in seats.companies]
    sent = np.array(own, np.int64).reshape(-1, 2)
    return np.array([int(sent[sent[:, 0] <= last, 1].sum()) for last in rounds.tolist()], np.int64)


def _each(seats: Seats) -> Iterator[Seats]:
    t = seats.transmission
    for s in range(len(t.loading)):
        yield seats.some(np.array([s]))


def _open(outcome: Outcome[Any]) -> End:
    return outcome.end if outcome.end is End.REFUSED else End.OUT_OF_ROUNDS


def _reason(outcome: Outcome[Any]) -> str:
    return f"{outcome.end.value} ({outcome.rounds} rounds)" if outcome.end is not End.AGREED else "no agreement"


def part(state: Any, rows: Index) -> Any:
    """These scenarios of a state: every array in it lies (scenario, …), but for the pieces of curves."""
    if isinstance(state, np.ndarray):
        return state[rows]
    if isinstance(state, Bends):
        return scenarios(state, rows)
    if is_dataclass(state) and not isinstance(state, type):
        return replace(state, **{f.name: part(getattr(state, f.name), rows) for f in fields(state)})
    return state


def _overlaid(old: Any, new: Any, rows: Index) -> Any:
    """The old state with these scenarios of the new one."""
    if isinstance(old, np.ndarray):
        out = old.copy()
        out[rows] = new[rows]
        return out
    if isinstance(old, Bends):
        return overlaid(old, new, rows)
    if is_dataclass(old) and not isinstance(old, type):
        return replace(old, **{f.name: _overlaid(getattr(old, f.name), getattr(new, f.name), rows) for f in fields(old)})
    return new
