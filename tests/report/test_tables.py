"""Tables as text, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridtandem.grid.elements import Generators, Lines
from gridtandem.report.documents import as_text, comparison_document, summary_of, table_document, tables_of
from gridtandem.report.front import compare, run
from gridtandem.report.tables import as_csv, as_records, plain, spelled
from gridtandem.study.results import UnitResults
from gridtandem.tables import Flag, Index, Names, Real, Table, column


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Sample(Table):
    """A table of everything."""

    kind: ClassVar[str] = "sample"
    name: Names = column("name", dtype="U")
    p_mw: Real = column("power", unit="MW", finite=False)
    voltage_error_pu: Real = column("distance from truth", unit="pu")
    count: Index = column("how many", dtype="i8")
    live: Flag = column("in service", dtype="?")


SAMPLE = Sample(
    name=["a", "bcd", "e"], p_mw=[1234.56789, -0.25, np.inf], voltage_error_pu=[3e-13, 0.0578, np.nan], count=[1, 12345, 0], live=[True, False, True]
)  # fmt: skip

TEXT = """\
name     p [MW]  voltage error [pu]   count  live
a     1,234.568             3.0e-13       1  yes
bcd      -0.250              0.0578  12,345  no
e             ∞                   –       0  yes"""


def test_text_is_aligned_with_units_in_the_header() -> None:
    assert plain(SAMPLE) == TEXT


def test_what_rounding_left_is_zero_but_for_distances() -> None:
    table = Sample.of({"name": ["a"], "p_mw": [-3.5e-17], "voltage_error_pu": [3.5e-17], "count": [0], "live": [True]})
    assert plain(table, columns=["p_mw", "voltage_error_pu"]).split("\n")[1].split() == ["0.000", "3.5e-17"]


def test_text_says_how_many_rows_it_leaves_out() -> None:
    assert plain(SAMPLE, rows=1).split("\n")[-1] == "… 2 more rows"
    assert plain(SAMPLE, rows=2).split("\n")[-1] == "… 1 more row"
    assert plain(SAMPLE, columns=["count"], rows=3) == " count\n     1\n12,345\n     0"
    assert plain(Sample.empty()) == "name  p [MW]  voltage error [pu]  count  live"


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [(7.79, "MW", "7.790 MW"), (1.3e-12, "MVA", "1.3e-12 MVA"), (0.0, "pu", "0.0000 pu"), (float("nan"), "MW", "–"), (1e-9, "", "1e-09"),
     (1234567.0, "MW", "1,234,567.000 MW"), (0.97086, "pu", "0.9709 pu")],
)  # fmt: skip
def test_numbers_are_spelled_with_their_unit(value: float, unit: str, said: str) -> None:
    assert spelled(value, unit) == said


def test_small_ohms_keep_their_digits_and_units_stand_once() -> None:
    table = Lines.of({"name": ["a", "b"], "from_bus": [0, 1], "to_bus": [1, 2], "r_ohm": [0.0000312, 12.3456], "x_ohm": [0.0, 123456.0]})
    shown = plain(table, columns=["r_ohm", "x_ohm", "b_us"]).split("\n")
    assert shown == [" r [ohm]  x [ohm]  b [µS]", "3.12e-05        0       0", "  12.346  123,456       0"]


def test_units_at_a_limit_are_told_in_words() -> None:
    units = run("ieee14", scheme="merged", q_rule="switch").units
    assert set(units.frame()["at_limit"]) <= {"within", "upper", "lower"}
    assert "within" in plain(units)
    lower = UnitResults.of({name: [0 if spec.dtype != "U" else "x"] for name, spec in UnitResults.columns().items()} | {"at_limit": [2]})
    assert as_records(lower)[0]["at_limit"] == "lower"


@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=5), st.lists(st.text("ab,\"'\n;", min_size=0, max_size=4), min_size=5, max_size=5))
def test_csv_keeps_every_digit_and_every_word(numbers: list[float], words: list[str]) -> None:
    size = len(numbers)
    table = Sample(name=words[:size], p_mw=numbers, voltage_error_pu=[np.nan] * size, count=[1] * size, live=[True] * size)
    rows = list(csv.DictReader(io.StringIO(as_csv(table), newline="")))
    assert [r["name"] for r in rows] == words[:size]
    assert [float(r["p_mw"]) for r in rows] == numbers
    assert [r["voltage_error_pu"] for r in rows] == [""] * size


def test_records_hold_what_json_can_hold() -> None:
    records = as_records(SAMPLE)
    assert json.loads(json.dumps(records, allow_nan=False)) == records
    assert records[2] == {"name": "e", "p_mw": "inf", "voltage_error_pu": None, "count": 0, "live": True}


def test_codes_are_written_as_their_words() -> None:
    table = Generators.of({"name": ["g"], "bus": [0], "control": [2]})
    assert as_records(table)[0]["control"] == "reference"
    assert "reference" in plain(table)


def test_documents_name_their_schema_and_are_valid_json() -> None:
    found = run("T14D2")
    summary = json.loads(as_text(summary_of(found)))
    assert summary["schema"] == "tandem/run-summary/1"
    assert summary["agreed"] is True
    assert summary["letters"]["count"] == len(found.letters)
    assert [i["p_mw"] for i in summary["interfaces"]] == found.interfaces.p_mw.tolist()
    for table in tables_of(found).values():
        document = json.loads(as_text(table_document(table)))
        assert document["schema"] == "tandem/table/1"
        assert len(document["rows"]) == len(table)
        assert set(document["columns"]) == set(table.columns())


def test_a_comparison_without_answer_has_nulls_and_reasons() -> None:
    both = compare("T14D2", ["response", "merged"], loading=5.0)
    document = json.loads(as_text(comparison_document(both)))
    assert document["schema"] == "tandem/compare/1"
    assert [row["exchange_mw"] for row in document["schemes"]] == [None, None]
    assert set(document["trouble"]) == {"response", "merged"}
