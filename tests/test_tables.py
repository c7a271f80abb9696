"""Tables: what they promise, say and print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridtandem.errors import InvalidCase
from gridtandem.grid.elements import Buses, Generators, Lines
from gridtandem.tables import Names, Real, Table, column


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Pipes(Table):
    """A table of its own."""

    kind: ClassVar[str] = "pipes"
    name: Names = column("name", dtype="U", unique=True)
    r_ohm: Real = column("resistance", unit="ohm", above=0.0)
    limit: Real = column("limit", default=np.inf, finite=False)


def test_columns_are_read_only_and_defaults_fill_up() -> None:
    pipes = Pipes.of({"name": ["a", "b"], "r_ohm": [1, 2]})
    assert pipes.limit.tolist() == [np.inf, np.inf]
    with pytest.raises(ValueError, match="read-only"):
        pipes.r_ohm[0] = 9.0


def test_what_cannot_be_a_table_is_refused_with_everything_at_once() -> None:
    with pytest.raises(InvalidCase) as told:
        Pipes.of({"nam": ["a"], "r_ohm": ["thick"]})
    assert {f.code for f in told.value.faults} == {"case-001", "case-002", "case-003"}
    with pytest.raises(ValueError, match=r"pipes.r_ohm has shape \(1,\), not \(2,\)"):
        Pipes(name=["a", "b"], r_ohm=[1.0])  # type: ignore[arg-type]


def test_faults_name_the_row_the_value_and_the_mend() -> None:
    told = [str(f) for f in Pipes.of({"name": ["a", "b", "b"], "r_ohm": [-1.0, np.nan, np.inf]}).faults()]
    assert told == [
        "pipes[b].name 'b' stands in 2 rows; names must be unique (case-017)",
        "pipes[b].r_ohm is not a number; give a number (case-010)",
        "pipes[b].r_ohm is infinite (is inf ohm); give a finite number (case-011)",
        "pipes[a].r_ohm must be above 0.0 (is -1 ohm); correct the value (case-012)",
    ]


def test_a_table_prints_its_first_rows() -> None:
    pipes = Pipes.of({"name": [f"p{k}" for k in range(12)], "r_ohm": np.arange(12) + 0.5})
    lines = repr(pipes).splitlines()
    assert lines[0] == "Pipes: 12 rows"
    assert lines[1].split() == ["name", "r_ohm", "limit"]
    assert lines[2].split() == ["p0", "0.5", "inf"]
    assert lines[-1] == "…"
    assert repr(Generators.empty()).startswith("Generators: 0 rows\n")


@given(st.lists(st.floats(-1e300, 1e300), max_size=6))
def test_equal_tables_have_equal_digests_and_a_changed_bit_another(values: list[float]) -> None:
    names = [f"p{k}" for k in range(len(values))]
    one, two = (Pipes.of({"name": names, "r_ohm": values}) for _ in range(2))
    assert one.digest() == two.digest()
    if values:
        changed = [np.nextafter(values[0], np.inf), *values[1:]]
        assert Pipes.of({"name": names, "r_ohm": changed}).digest() != one.digest()


def test_frames_carry_words_for_codes() -> None:
    frame = Generators.of({"name": ["g"], "bus": [0], "control": [1]}).frame()
    assert frame.control.tolist() == ["voltage"]
    assert len(Lines.empty().frame()) == 0
    assert Buses.of({"name": ["a"], "nominal_kv": [10]}).take(np.array([0])).name.tolist() == ["a"]
