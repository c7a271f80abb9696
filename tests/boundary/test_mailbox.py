"""The mailbox and the loop, with parties small enough to see through: a feeder draws a + b·v, transmission answers 1 − k·p."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from gridtandem.boundary.letters import Alone, Power, PowerAt, Response, ResponseAt, Voltage, VoltageUnder, Worth
from gridtandem.boundary.mailbox import Company, Mailbox
from gridtandem.boundary.weather import Weather
from gridtandem.coordinate import End, coordinate
from gridtandem.errors import CannotAnswer, NotAgreed
from gridtandem.schemes import Anderson, LoadFlow
from gridtandem.schemes import Response as ResponseScheme
from tests.tolerances import AGREED_PU, RATIO


@dataclass(frozen=True)
class Feeder:
    """Draws a + b v [MW]; mute where v lies below ``floor``."""

    a: float
    b: float
    floor: float = -np.inf

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        return {PowerAt: self.power_at, ResponseAt: self.response_at}

    def power_at(self, ask: PowerAt) -> Power:
        p = np.where(ask.v < self.floor, np.nan, self.a + self.b * ask.v)
        return Power(np.stack([p, 0 * p], -1), np.where(np.isnan(p), 0, 3).astype(np.int8))

    def response_at(self, ask: ResponseAt) -> Response:
        reply = self.power_at(PowerAt(ask.v))
        return Response(ask.v, reply.s, np.stack([np.full_like(ask.v, self.b), 0 * ask.v], -1), reply.worth)


@dataclass(frozen=True)
class Grid:
    """Every interface has v = 1 − k · (power of all)."""

    k: float

    @property
    def answers(self) -> Mapping[type, Callable[[Any], Any]]:
        return {VoltageUnder: self.voltage_under, Alone: lambda _: pytest.fail("nobody asked for a forecast")}

    def voltage_under(self, ask: VoltageUnder) -> Voltage:
        d = ask.draw
        mid, c0 = (d.low + d.high) / 2, d.c[..., 0, 0]
        c1 = d.c[..., 0, 1] if d.c.shape[-1] > 1 else 0 * c0
        slope = c1 / ((d.high - d.low) / 2)
        sum0, sum1 = (c0 - slope * mid).sum(-1, keepdims=True), slope.sum(-1, keepdims=True)
        v = (1 - self.k * sum0) / (1 + self.k * sum1) + 0 * c0
        return Voltage(v, 0 * v, np.where(np.isnan(v), 0, 3).astype(np.int8))


def mail(k: float = 0.002, b: float = 30.0, *, axes: tuple[int, int] = (1, 1), floor: float = -np.inf) -> Mailbox:
    one, two = Company("D1", (Feeder(10.0, b, floor),)), Company("D2", (Feeder(20.0, b / 2),))
    return Mailbox(Company("T", (Grid(k),)), ((one, np.array([0, 2])), (two, np.array([1]))), axes=axes)


def exact(k: float = 0.002, b: float = 30.0) -> float:
    return (1 - k * 40) / (1 + k * 2.5 * b)


SCHEMES = [LoadFlow(), Anderson(), ResponseScheme()]
FORMULA = {"LoadFlow": (0, 0, 1 + 2, 4 + 2), "Anderson": (1, 2, 1 + 2, 4 + 2), "Response": (0, 0, 1 + 5, 6 + 2)}


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda s: type(s).__name__)
def test_schemes_reach_the_answer_and_the_ledger_equals_their_formula(scheme: Any) -> None:
    out = coordinate(mail(), scheme).require()
    assert out.state.v == pytest.approx(exact(), abs=AGREED_PU)
    start_down, start_up, dso, tso = FORMULA[type(scheme).__name__]
    assert out.books()["numbers"] == 3 * (start_down + start_up) + out.rounds * 3 * (dso + tso)
    assert {e.round for e in out.ledger} == set(range(0 if start_up else 1, out.rounds + 1))
    assert all(e.bytes > 0 for e in out.ledger)


def test_the_plain_exchange_contracts_by_its_ratio() -> None:
    out = coordinate(mail(), LoadFlow(tol=1e-13)).require()
    assert out.gaps[6] / out.gaps[5] == pytest.approx(0.002 * 2.5 * 30.0, rel=RATIO)


def test_a_ratio_above_one_ends_out_of_rounds_and_says_so() -> None:
    out = coordinate(mail(k=0.02), LoadFlow(), rounds=30)
    assert out.end is End.OUT_OF_ROUNDS
    with pytest.raises(NotAgreed, match=r"no agreement after 30 rounds .* raise it, or look at the last gaps"):
        out.require()
    assert coordinate(mail(k=0.02), ResponseScheme()).require().rounds <= 3


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda s: type(s).__name__)
def test_resume_equals_run_through_to_the_bit(scheme: Any) -> None:
    whole = coordinate(mail(), scheme)
    half = coordinate(mail(), scheme, rounds=1)
    assert half.end is End.OUT_OF_ROUNDS
    rest = coordinate(mail(), scheme, resume=half)
    assert rest.gaps == whole.gaps
    assert np.array_equal(rest.state.v, whole.state.v)
    assert rest.ledger == whole.ledger
    assert coordinate(mail(), scheme, resume=whole) is whole


def test_an_interrupt_keeps_what_is_there_and_can_be_resumed() -> None:
    def stop(outcome: Any) -> None:
        if outcome.rounds == 2:
            raise KeyboardInterrupt

    out = coordinate(mail(), LoadFlow(), watch=stop)
    assert out.end is End.STOPPED
    assert out.rounds == 2
    assert np.array_equal(coordinate(mail(), LoadFlow(), resume=out).state.v, coordinate(mail(), LoadFlow()).state.v)


def test_a_scenario_dies_alone_and_its_first_cause_is_kept() -> None:
    def worse(ask: PowerAt) -> Power:
        p = np.stack([10 + 30 * ask.v[0], np.full_like(ask.v[0], np.nan)])
        return Power(np.stack([p, 0 * p], -1), np.where(np.isnan(p), 0, 3).astype(np.int8))

    desk = type("Desk", (), {"answers": {PowerAt: worse}})()
    box = Mailbox(Company("T", (Grid(0.002),)), ((Company("D1", (desk,)), np.array([0])),), axes=(2, 1))
    out = coordinate(box, LoadFlow())
    assert out.agreed
    assert np.isfinite(out.state.v[0]).all()
    assert np.isnan(out.state.v[1]).all()
    assert [(r.by, r.question, r.rows) for r in out.refused] == [("D1", "PowerAt", ((1, 0, 0),))]


def test_when_nobody_is_left_the_run_ends_refused_without_an_exception() -> None:
    out = coordinate(mail(floor=2.0), LoadFlow())
    assert out.end is End.REFUSED
    assert len(out.gaps) == 1
    with pytest.raises(NotAgreed, match="D1 had no answer to PowerAt in 2 rows"):
        out.require()


def test_too_little_worth_ends_the_round() -> None:
    class Picky:
        asks_tso = frozenset({VoltageUnder})
        asks_dsos = frozenset({PowerAt})

        def start(self, mail: Any) -> Any:
            return mail.ask_dsos(PowerAt(np.full(mail.shape, 0.5)), worth=Worth.EXACT)

    box = mail(floor=1.0)
    out = coordinate(box, Picky())  # type: ignore[type-var]
    assert out.end is End.REFUSED
    assert out.state is None
    assert [r.rows for r in out.refused] == [((0, 0, 0), (0, 0, 2))]


def test_contracts_are_checked_before_the_first_round() -> None:
    box = mail()
    box.tso = Company("T", ())
    with pytest.raises(CannotAnswer, match="LoadFlow asks T for Alone, VoltageUnder, which it does not answer; it answers nothing"):
        coordinate(box, LoadFlow())
    with pytest.raises(CannotAnswer, match="D1 does not answer VoltageUnder; it answers PowerAt, ResponseAt"):
        box.dsos[0][0].ask(VoltageUnder(None))  # type: ignore[arg-type]


def test_a_wrong_reply_type_is_caught_at_the_mailbox() -> None:
    liar = type("Desk", (), {"answers": {PowerAt: lambda _: 3.0}})()
    box = Mailbox(Company("T", (Grid(0.1),)), ((Company("D", (liar,)), np.array([0])),))
    with pytest.raises(TypeError, match="D answered PowerAt with float, not Power"):
        box.ask_dsos(PowerAt(np.ones((1, 1, 1))))


def test_every_interface_needs_exactly_one_party() -> None:
    with pytest.raises(ValueError, match="exactly one party"):
        Mailbox(Company("T", ()), ((Company("D", ()), np.array([0, 2])),))


# ── weather ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("weather", [{"loss": 0.2}, {"delay": 2}, {"repeat": 0.5}, {"loss": 0.2, "delay": 2, "repeat": 0.3}], ids=str)
def test_bad_weather_gives_the_same_answer_in_more_rounds(scheme: Any, weather: dict[str, float], seed: int) -> None:
    calm = coordinate(mail(), scheme).require()
    storm = coordinate(mail(), scheme, rounds=400, through=lambda box: Weather(box, **weather, seed=seed)).require()
    assert storm.state.v == pytest.approx(exact(), abs=AGREED_PU)
    assert storm.rounds >= calm.rounds
    if "delay" in weather:
        assert storm.rounds > calm.rounds


def test_nobody_agrees_on_stale_letters() -> None:
    """Once the first letters are in, all is lost: the scheme stands still, its gap is zero, and yet there is no agreement."""
    out = coordinate(mail(), LoadFlow(), rounds=20, through=lambda box: Weather(box, loss=1.0))
    assert out.gaps[-1] <= LoadFlow().tol
    assert out.end is End.OUT_OF_ROUNDS


def test_same_seed_same_weather() -> None:
    runs = [coordinate(mail(), LoadFlow(), rounds=200, through=lambda box: Weather(box, loss=0.3, delay=1, seed=5)) for _ in range(2)]
    assert runs[0].gaps == runs[1].gaps
