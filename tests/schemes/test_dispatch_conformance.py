"""One suite for every installed scheme of dispatch: the same bits by any road, for any split into companies, stopped or not; and what may cross."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from gridtandem.boundary.letters import Worth
from gridtandem.boundary.opf_letters import DrawnAt
from gridtandem.boundary.wire import text
from gridtandem.cases.named import case
from gridtandem.coordinate import End, Outcome, coordinate
from gridtandem.errors import CannotAnswer
from gridtandem.schemes.copf import Copf
from gridtandem.study.dispatch.study import DispatchSeats, DispatchStudy, seated
from gridtandem.study.kinds import DISPATCH
from gridtandem.study.registry import name_of, scheme_named
from tests.schemes.test_conformance import OverWire

SEVERAL = ("admm", "copf", "hgd", "hgd-plain", "hgd-slope")  # of more than one round
SYSTEM = "T14D2"


@cache
def seats(one: bool = False, system: str = SYSTEM) -> DispatchSeats:
    what = case(system)
    whole = replace(what.interfaces, company=np.array(["all"] * len(what.interfaces)))
    return seated(DispatchStudy(case=replace(what, interfaces=whole) if one else what, scheme=Copf()))


def carried(at: DispatchSeats, scheme: Any, *, wire: bool = False, rounds: int = 100, resume: Outcome[Any] | None = None) -> Outcome[Any]:
    mail = at.mailbox(scheme)
    if wire:
        mail.tso, mail.dsos = OverWire(mail.tso), tuple((OverWire(d), rows) for d, rows in mail.dsos)
    return coordinate(mail, scheme, rounds=rounds, resume=resume)


def bits(outcome: Outcome[Any]) -> str:
    return text(outcome.state)


@pytest.mark.parametrize("name", DISPATCH.schemes())
def test_same_input_same_bits_over_the_wire_and_for_any_split_of_companies(name: str) -> None:
    scheme = scheme_named(name)
    whole = carried(seats(), scheme)
    assert bits(carried(seats(), scheme)) == bits(whole)
    assert bits(carried(seats(), scheme, wire=True)) == bits(whole)
    assert bits(carried(seats(one=True), scheme)) == bits(whole)


@pytest.mark.parametrize("name", SEVERAL)
def test_resume_equals_run_through(name: str) -> None:
    scheme = scheme_named(name)
    whole, half = carried(seats(), scheme), carried(seats(), scheme, rounds=1)
    assert half.end is End.OUT_OF_ROUNDS
    rest = carried(seats(), scheme, resume=half)
    assert bits(rest) == bits(whole)
    assert rest.ledger == whole.ledger


@pytest.mark.parametrize("name", DISPATCH.schemes())
def test_only_declared_letters_cross_and_none_is_larger_for_a_larger_feeder(name: str) -> None:
    scheme = scheme_named(name)
    small, large = (carried(seats(system=system), scheme, rounds=1).ledger for system in (SYSTEM, "14B"))  # 33 buses, and 33 and 141
    assert {e.question for e in small} == {q.__name__ for q in scheme.asks_tso | scheme.asks_dsos}
    each = [{(e.to[:3], e.question, e.interfaces, e.numbers_down, e.numbers_up) for e in ledger} for ledger in (small, large)]
    assert each[0] == each[1]


def test_who_has_every_model_answers_one_letter_and_no_other() -> None:
    with pytest.raises(CannotAnswer, match="asks owner for DispatchAlone"):
        coordinate(seats().mailbox(scheme_named("central")), Copf())


def test_names_and_objects_are_one_to_one() -> None:
    assert [name_of(scheme_named(n)) for n in DISPATCH.schemes()] == list(DISPATCH.schemes())


def test_an_answer_of_a_search_is_called_an_estimate() -> None:
    """Nobody proves that there is no better dispatch elsewhere."""
    mail = seats().mailbox(Copf())
    reply = mail.ask_dsos(DrawnAt(np.ones(mail.shape), np.full((*mail.shape, 2), 40.0)))
    assert (reply.worth == Worth.ESTIMATE).all()
