"""What a comparison counts as crossed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import gridtandem as gt
from gridtandem.study.side_by_side import model_numbers


def test_numbers_are_those_that_leave_their_company() -> None:
    """Independent studies exchange nothing; whoever merges is given every feeder model; the others exchange what the ledger holds."""
    found = gt.compare("14A", ["independent", "load-flow", "merged"])
    ledger = found.runs[1].letters
    assert found.table.numbers.tolist() == [0, int((ledger.numbers_down + ledger.numbers_up).sum()), model_numbers(gt.case("14A"))]
    assert gt.compare("ieee14", ["merged"]).table.numbers.tolist() == [0]


def test_the_numbers_of_a_model_are_rows_times_columns_that_say_something() -> None:
    """The 16-bus feeder counted by hand: nothing for names, nor for columns that are at their default throughout."""
    case = gt.case("14A")
    alone = replace(case, interfaces=case.interfaces.take(np.array([0])), models=case.models[:1])
    buses, lines, ties, loads, units, costs = 15 * 3, 13 * 4, 1 * 2, 13 * 5, 1 * 6, 1 * 3
    assert model_numbers(alone) == buses + lines + ties + loads + units + costs


def test_a_model_is_given_once_by_each_company_that_uses_it() -> None:
    case = gt.case("T118Dn4")
    assert (len(case.models), len(case.companies)) == (1, 4)
    rows = case.interfaces
    one = replace(case, interfaces=replace(rows, company=np.full(len(rows), "dso")))
    assert model_numbers(case) == 4 * model_numbers(one) > 0
