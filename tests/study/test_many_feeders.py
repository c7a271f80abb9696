"""Many feeders at once: what a study finds does not depend on how they are told, and its work grows with arrays, not with calls."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.boundary.mailbox import Mail, Mailbox
from gridtandem.cases.case import Case
from gridtandem.cases.generate import joined
from gridtandem.cases.join import joined as joined_grid
from gridtandem.cases.library import network
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from gridtandem.study.judge import Verdict
from gridtandem.study.result import tables_in
from gridtandem.study.roster import Roster
from gridtandem.study.run import Result, run
from tests.study.asked import studied

LOADING = (0.9, 9.0)  # the second has no solution


def looped() -> Network:
    net = network("case33bw")
    return replace(net, name="looped", lines=replace(net.lines, closed=net.lines.closed | (net.lines.name == "9-15")))


def told(case: Case) -> Result:
    return run(studied(case, loading=LOADING))


@cache
def shared() -> tuple[Case, Result]:
    """Swept feeders, and some that Newton serves; two companies of which neither owns neighbours only."""
    case = joined("ieee30", ["case33bw", looped(), "case69"], how_many=7, count=2, spread=0.4, dg_share=0.3, p_exponent=1.3, seed=2)
    case = replace(case, interfaces=replace(case.interfaces, company=np.array(["a", "b", "b", "a", "b", "a", "a"])))
    return case, told(case)


def same(one: Result, other: Result, *but: str) -> None:
    """All tables to the bit, columns named in ``but`` apart."""
    assert one.verdict is not None
    assert other.verdict is not None
    for name in tables_in(Verdict):
        here, there = getattr(one.verdict, name), getattr(other.verdict, name)
        assert len(here), name
        for column in here.columns():
            if column not in but:
                np.testing.assert_array_equal(getattr(here, column), getattr(there, column), f"{name}.{column}")


def test_one_model_for_many_feeders_is_a_copy_for_each() -> None:
    case, found = shared()
    copies = tuple(replace(case.models[m], name=f"model {k}") for k, m in enumerate(case.interfaces.model.tolist()))
    apart = replace(case, models=copies, interfaces=replace(case.interfaces, model=np.arange(len(copies))))
    again = told(apart)
    same(found, again)
    assert again.outcome.ledger == found.outcome.ledger


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 2), min_size=7, max_size=7))
def test_any_grouping_by_model_makes_the_same_grid(choice: list[int]) -> None:
    """Three copies of each model; each interface takes one of those of its own."""
    case, _ = shared()
    models = tuple(replace(m, name=f"{m.name} {k}") for k in range(3) for m in case.models)
    other = replace(case, models=models, interfaces=replace(case.interfaces, model=case.interfaces.model + 3 * np.array(choice)))
    assert joined_grid(other).network.digest() == joined_grid(case).network.digest()
    one, two = (Roster.of(*nodals(c.transmission), nodals(*c.models), c.interfaces) for c in (case, other))
    for rows in ("buses", "branch_rows", "units"):
        for name, column in getattr(one, rows).told().items():
            np.testing.assert_array_equal(column, getattr(two, rows).told()[name])


def nodals(*nets: Network) -> list[Nodal]:
    return [Nodal.of(net) for net in nets]


def test_who_owns_a_feeder_changes_no_number() -> None:
    case, found = shared()
    same(found, told(replace(case, interfaces=replace(case.interfaces, company=np.full(7, "all of them")))), "company")


def test_companies_that_answer_by_themselves_say_the_same() -> None:
    """Letters, ledger and results are those of the clerk, to the bit."""

    def by_themselves(mail: Mailbox) -> Mail:
        mail.clerk = None
        return mail

    case, found = shared()
    for loading in (LOADING, (9.0,)):
        study = studied(case, loading=loading)
        one, other = run(study), run(study, through=by_themselves)
        assert one.outcome.ledger == other.outcome.ledger
        assert one.outcome.refused == other.outcome.refused
        assert (one.outcome.end, one.trouble) == (other.outcome.end, other.trouble)
        assert (one.verdict is None) == (other.verdict is None) == (len(loading) == 1)
    same(found, run(studied(case, loading=LOADING), through=by_themselves))


def test_blocks_of_scenarios_are_the_scenarios() -> None:
    """Several at once make the rows that each makes alone."""
    case, _ = shared()
    both = run(studied(case, loading=(0.9, 1.0))).verdict
    assert both is not None
    for k, factor in enumerate((0.9, 1.0)):
        alone = run(studied(case, loading=factor)).verdict
        for name in tables_in(Verdict):
            table = getattr(both, name)
            mine = table.take(table.scenario == k)
            for column in set(table.columns()) - {"scenario"}:
                np.testing.assert_array_equal(getattr(mine, column), getattr(getattr(alone, name), column), f"{name}.{column}")


def calls(case: Case) -> int:
    """Python functions entered by a run."""
    count = 0

    def seen(_frame: Any, event: str, _what: Any) -> None:
        nonlocal count
        count += event == "call"

    study, before = studied(case), sys.getprofile()
    run(study)  # compiles, imports
    sys.setprofile(seen)
    try:
        run(study)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("company", ["one", "many"])
def test_work_grows_with_arrays_and_not_with_calls(company: str) -> None:
    """Ten times the feeders cost hardly more calls if one company owns them; letters to each where each has its own."""
    few, many = (joined("ieee118", ["case33bw", "case69"], how_many=n, count=1, spread=0.3, seed=1) for n in (10, 100))
    if company == "one":
        few, many = (replace(c, interfaces=replace(c.interfaces, company=np.full(len(c.interfaces), "one"))) for c in (few, many))
        assert calls(many) < 1.1 * calls(few)
    else:
        letters = 2 * 3 * (len(many.companies) - len(few.companies))  # questions and answers in three rounds
        assert calls(many) - calls(few) < 100 * letters
