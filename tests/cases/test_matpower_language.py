"""Statements of case files: executed as MATLAB would, or refused by name and line."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridtandem.cases.matpower.text import run_matpower
from gridtandem.errors import InvalidCase
from tests import tolerances as t

HEAD = "function mpc = a\nmpc.bus = [1 2 3; 4 5 6];\n"


def value(statements: str) -> list[list[float]]:
    fields = run_matpower(HEAD + statements + "\n", "a.m").fields
    return np.asarray(fields["x"]).tolist()


def refused(statements: str) -> list[str]:
    with pytest.raises(InvalidCase) as caught:
        run_matpower(HEAD + statements + "\n", "a.m")
    return [str(f) for f in caught.value.faults]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("50/3", [[50 / 3]]),
        ("-2^2", [[-4.0]]),
        ("2^-1", [[0.5]]),
        ("2^3^2", [[64.0]]),
        ("--1", [[1.0]]),
        ("1 - 2 - 3", [[-4.0]]),
        ("8 / 2 * 2", [[8.0]]),
        (".5e1 + 1.", [[6.0]]),
        ("1d2", [[100.0]]),
        ("[1 -2]", [[1.0, -2.0]]),
        ("[1 - 2]", [[-1.0]]),
        ("[1 -2 + 3, 4 ...  and so on\n 5]", [[1.0, 1.0, 4.0, 5.0]]),
        ("[1, 2; 3, 4,\n 5 6 % the last\n]", [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]),
        ("[]", []),
        ("[mpc.bus; 7 8 9](1, 1)", None),
        ("mpc.bus(2, 3)", [[6.0]]),
        ("mpc.bus(end, 1:end-1)", [[4.0, 5.0]]),
        ("mpc.bus(:, [3 1])", [[3.0, 1.0], [6.0, 4.0]]),
        ("mpc.bus(1, :) .* mpc.bus(2, :)", [[4.0, 10.0, 18.0]]),
        ("[mpc.bus(1, 1) (2)]", [[1.0, 2.0]]),
        ("10:-4:1", [[10.0, 6.0, 2.0]]),
        ("abs(-pi) / pi", [[1.0]]),
        ("[Inf -Inf]", [[math.inf, -math.inf]]),
        ("(1 + 2) * [1 1]", [[3.0, 3.0]]),
    ],
)  # fmt: skip
def test_an_expression_has_matlabs_value(text: str, expected: list[list[float]] | None) -> None:
    if expected is None:
        assert refused(f"mpc.x = {text};")
    else:
        assert value(f"mpc.x = {text};") == expected


def test_parts_of_tables_are_set() -> None:
    assert value("mpc.bus(:, [1 3]) = mpc.bus(:, [3 1]) / 2;\nmpc.x = mpc.bus;") == [[1.5, 2.0, 0.5], [3.0, 5.0, 2.0]]
    assert value("k = [1 2 3]; k(2) = 9, mpc.x = k;") == [[1.0, 9.0, 3.0]]


def test_comments_and_blocks_are_passed_over() -> None:
    text = "%{\nmpc.x = 1;\n%{\nnested\n%}\n%}\nmpc.x = 2; % mpc.x = 3;\nmpc.y = 'it''s 5% %{';\n"
    assert value(text) == [[2.0]]


def test_a_file_of_version_1_is_read_by_the_order_of_its_outputs() -> None:
    text = "function [base, b, g, br] = old\nbase = 100;\nb = [1 2]; g = []; br = [3];\nreturn;\n"
    file = run_matpower(text, "old.m")
    assert file.name == "old"
    assert sorted(file.fields) == ["baseMVA", "branch", "bus", "gen"]


MEND = "work it out and write the result, or delete the statement (case-104)"


@pytest.mark.parametrize(
    ("statement", "shown", "why"),
    [
        ("if fixed\nmpc.bus(1, 1) = 3;\nend", "if fixed", "only assignments are executed"),
        ("mpc.bus = mpc.bus';", "mpc.bus = mpc.bus'", "a transpose is not read"),
        ("mpc.x = [1 2]';", "mpc.x = [1 2]'", "a transpose is not read"),
        ("mpc.bus.'", "mpc.bus.'", "only assignments are executed"),
        ("k = find(mpc.bus(:, 1));", "k = find(mpc.bus(:, 1))", "'find' is neither defined above nor a function it may call"),
        ("mpc.x = system('rm');", "mpc.x = system('rm')", "'system' is neither defined above nor a function it may call"),
        ("disp(1)", "disp(1)", "only assignments are executed"),
        ("mpc.bus(3, 1) = 1;", "mpc.bus(3, 1) = 1", "subscript 3 lies outside 1 to 2"),
        ("mpc.bus(1.5, 1) = 1;", "mpc.bus(1.5, 1) = 1", "a subscript is not a whole number"),
        ("mpc.bus(4) = 1;", "mpc.bus(4) = 1", "a table needs a row and a column"),
        ("mpc.bus(:, 1) = [1 2 3];", "mpc.bus(:, 1) = [1 2 3]", "1×3 numbers do not fit 2×1 places"),
        ("mpc.x = mpc.bus * mpc.bus;", "mpc.x = mpc.bus * mpc.bus", "matrix algebra with '*' is not read; element by element is .*"),
        ("mpc.x = 1 / mpc.bus;", "mpc.x = 1 / mpc.bus", "matrix algebra with '/' is not read; element by element is ./"),
        ("mpc.x = mpc.bus ^ 2;", "mpc.x = mpc.bus ^ 2", "matrix powers are not read; element by element is .^"),
        ("mpc.x = mpc.bus + [1 2];", "mpc.x = mpc.bus + [1 2]", "the sizes 2×3 and 1×2 do not go together"),
        ("mpc.x = 'a' + 1;", "mpc.x = 'a' + 1", "text stands where a number is needed"),
        ("mpc.x = 1:1e9;", "mpc.x = 1:1e9", "the range has no sensible length"),
        ("mpc.x = 1 +;", "mpc.x = 1 +", "it breaks off"),
        ("mpc.x = 1 2;", "mpc.x = 1 2", "'2' is not read here"),
        ("mpc.x = [1,, 2];", "mpc.x = [1,, 2]", "an element is missing between two commas"),
        ("mpc.x = a == 2;", "mpc.x = a == 2", "'a' is neither defined above nor a function it may call"),
        ("mpc.x = 1 == 2;", "mpc.x = 1 == 2", "'==' is not read here"),
        ("[a, b] = size(mpc.bus);", "[a, b] = size(mpc.bus)", "several names at once are taken from idx_bus, idx_brch, idx_gen, idx_cost only"),
        ("function y = other", "function y = other", "a case file is one function"),
        ("y(1) = 2;", "y(1) = 2", "'y' is not defined above"),
        ("mpc.x = [1 2; mpc.bus];", "mpc.x = [1 2; mpc.bus]", "its rows have different lengths"),
        ("mpc.x = [1 2]:3;", "mpc.x = [1 2]:3", "a range needs single numbers"),
        ("mpc.x = {1; 'a'} + 1;", "mpc.x = {1; 'a'} + 1", "text stands where a number is needed"),
        ("mpc.x = mpc.bus(1, 1;2);", "mpc.x = mpc.bus(1, 1;2)", "')' is missing before ';'"),
        ("k = (1:1e5) * 0 + 1; mpc.x = mpc.bus(k, k);", "mpc.x = mpc.bus(k, k)", "the part is too large"),
    ],
)  # fmt: skip
def test_a_statement_that_cannot_be_executed_is_refused_by_line(statement: str, shown: str, why: str) -> None:
    assert refused(statement) == [f"a.m: line 3 cannot execute `{shown}`: {why}; {MEND}"]


def test_constants_come_all_at_once_or_by_list() -> None:
    names = "PD VMIN RATE_A ANGMAX PMIN APF NCOST"
    assert value(f"define_constants;\nmpc.x = [{names}];") == [[3, 13, 6, 13, 10, 21, 4]]
    assert value("[m, s] = idx_cost;\nmpc.x = [m s];") == [[1, 2]]
    assert "idx_cost returns 7 values, not 8" in refused("[a, b, c, d, e, f, g, h] = idx_cost;")[0]


def test_nothing_may_stand_behind_the_end() -> None:
    assert value("mpc.x = 1;\nend") == [[1.0]]
    assert refused("return;\nmpc.x = 1;") == [f"a.m: line 4 cannot execute `mpc.x = 1`: it stands behind the end of the function; {MEND}"]


def test_an_open_block_is_named() -> None:
    assert refused("if fixed\n  if more\n  end")[1] == "a.m: file ends inside 1 open block(s); the file looks cut off; get it anew (case-103)"


def test_function_lines_of_other_forms_are_refused() -> None:
    for head, why in (
        ("function [a, b] = old", "a case of version 1 returns baseMVA, bus, gen, branch and perhaps areas, gencost"),
        ("function old", "only `function mpc = name` and `function [baseMVA, bus, gen, branch] = name` are read"),
    ):
        with pytest.raises(InvalidCase) as caught:
            run_matpower(head + "\n", "a.m")
        assert str(caught.value.faults[0]) == f"a.m: line 1 cannot execute `{head}`: {why}; {MEND}"


def test_all_refusals_come_at_once_and_none_twice() -> None:
    faults = refused("a = foo(1);\nmpc.x = a + 1;\nmpc.y = mpc.x;\nfor k = 1:3\n  b = bar(k);\nend\nc = baz;")
    assert [f.split("`")[1] for f in faults] == ["a = foo(1)", "for k = 1:3", "c = baz"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("mpc.x = [1 2\n3 4 5];", "a.m: line 4 has 3 numbers where the rows above have 2; complete the row (case-105)"),
        ("mpc.x = [1 2; 3 4\n5 6 7", "a.m: line 3 opens a '[' that is not closed; the file looks cut off or misses a bracket (case-103)"),
        ("mpc.x = 'abc", "a.m: line 3 opens a text that is not closed; close it with ' (case-103)"),
        ("%{\nmpc.x = 1;", "a.m: line 3 opens a block comment that is not closed; close it with %} (case-103)"),
    ],
)
def test_a_broken_text_is_named_by_line(text: str, fault: str) -> None:
    assert fault in refused(text)


def test_doubling_a_table_again_and_again_is_refused_before_it_fills_the_memory() -> None:
    faults = refused("a = [1 1 1 1 1 1 1 1 1 1];\n" + "a = [a a; a a];\n" * 40)
    assert len(faults) == 1
    assert "the table is too large" in faults[0]


def test_a_file_that_computes_without_end_is_refused() -> None:
    faults = refused("k = 1:2e6;\nx = k" + " + k" * 5000 + ";\ny = k + 1;")
    assert all("the statements compute too much" in f for f in faults)
    assert len(faults) == 2


def test_deep_brackets_are_refused() -> None:
    assert "nested deeper than 40" in refused("mpc.x = " + "(" * 5000 + "1" + ")" * 5000 + ";")[0]


numbers = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12)
formulas = st.recursive(
    numbers.map(lambda x: f"({x!r})"),
    lambda inner: st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
    max_leaves=20,
)


@given(formulas)
def test_arithmetic_is_that_of_floats(formula: str) -> None:
    def exact(text: str) -> float:
        return float(eval(text, {"__builtins__": {}}))

    assert value(f"mpc.x = {formula};") == [[exact(formula)]]


@given(st.lists(st.lists(numbers, min_size=3, max_size=3), min_size=1, max_size=8), st.sampled_from(["; ", ";\n", "\n", " % note\n", ";...\n"]))
def test_a_table_is_the_numbers_it_shows(rows: list[list[float]], between: str) -> None:
    text = between.join(" ".join(map(repr, row)) for row in rows)
    assert value(f"mpc.x = [ {text}\n];") == rows


def test_sine_of_arc_cosine_is_the_reactive_share() -> None:
    assert value("pf = 0.85; mpc.x = sin(acos(pf));")[0][0] == pytest.approx(math.sqrt(1 - 0.85**2), rel=t.IDENTITY)
