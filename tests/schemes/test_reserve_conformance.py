"""One suite for every installed scheme of energy and reserve: never below the benchmark, only declared letters, the same bits every way round."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gridtandem.boundary.wire import text
from gridtandem.cases.named import case
from gridtandem.coordinate import Outcome, coordinate
from gridtandem.study.kinds import RESERVE, kind_of
from gridtandem.study.registry import header, name_of, scheme_named
from gridtandem.study.reserve.books import TSO, balances
from gridtandem.study.reserve.run import ReserveDay, keep, reopened, resume
from gridtandem.study.reserve.study import ReserveStudy, seated
from tests.schemes.test_conformance import OverWire
from tests.tolerances import BROKEN_PU, DELIVERED_MW, RESERVE_BOOKS, RESERVE_COST

SCHEMES = RESERVE.schemes()


@cache
def asked(name: str) -> ReserveStudy:
    return ReserveStudy(case=case("noh-reduced"), scheme=scheme_named(name), first=4, hours=1)


@cache
def day(name: str) -> ReserveDay:
    return keep(asked(name))


def carried(name: str, *, wire: bool = False, rounds: int = 100, before: Outcome[Any] | None = None) -> Outcome[Any]:
    study = asked(name)
    mail = seated(study).mailbox(study.scheme)
    if wire:
        mail.tso, mail.dsos = OverWire(mail.tso), tuple((OverWire(d), rows) for d, rows in mail.dsos)
    return coordinate(mail, study.scheme, rounds=rounds, resume=before)


@pytest.mark.parametrize("name", SCHEMES)
def test_nobody_is_cheaper_than_one_owner_and_what_is_sold_is_delivered(name: str) -> None:
    told = day(name).tables
    assert day(name).outcome.answered
    assert told.cost >= told.cooperative - RESERVE_COST * abs(told.cooperative)
    assert told.checks.undelivered_mw.max() <= DELIVERED_MW
    assert told.checks.beyond_pu.max() <= BROKEN_PU
    assert (told.hours.lowest_hz >= asked(name).security.limits.f0_hz - asked(name).security.limits.nadir_hz - RESERVE_COST).all()
    assert abs(balances(told.books)[TSO]) <= RESERVE_BOOKS * np.abs(told.books.amount).sum()


@pytest.mark.parametrize("name", SCHEMES)
def test_names_headers_and_letters_are_as_declared(name: str) -> None:
    scheme = asked(name).scheme
    assert name_of(scheme) == name
    assert kind_of(scheme) is RESERVE
    assert set(header(name)) == {"line", "paper", "decides", "crosses"}
    assert {e.question for e in day(name).outcome.ledger} <= {q.__name__ for q in scheme.asks_tso | scheme.asks_dsos}


@pytest.mark.parametrize("name", SCHEMES)
def test_same_bits_over_the_wire_and_stopped_and_gone_on_with(name: str) -> None:
    whole = carried(name)
    assert text(carried(name, wire=True).state) == text(whole.state)
    half = carried(name, rounds=max(whole.rounds - 1, 0))
    rest = carried(name, before=half)
    assert text(rest.state) == text(whole.state)
    assert rest.ledger == whole.ledger


@pytest.mark.parametrize("name", SCHEMES)
def test_the_file_is_the_run(name: str, tmp_path: Path) -> None:
    first = keep(asked(name), save=tmp_path / "a.tandem")
    again, more = reopened(tmp_path / "a.tandem"), resume(tmp_path / "a.tandem")
    for table in first.named():
        assert getattr(again.tables, table).digest() == getattr(first.tables, table).digest() == getattr(more.tables, table).digest()
    assert text(more.outcome.state) == text(first.outcome.state)
