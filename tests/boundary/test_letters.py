"""Letters: what splitting, joining, counting and the wire must never change."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gridtandem.boundary import layout, wire
from gridtandem.boundary.curves import curve_at, overlaid, scenarios
from gridtandem.boundary.layout import Ask, distance, join, lies, numbers, reply_type, split
from gridtandem.boundary.letters import Bends, Power, PowerAt, PowerCurve, Response, Sensitivity, Voltage, VoltageUnder, Worth
from gridtandem.boundary.wire import SHELVES, read, register, text
from tests.tolerances import SERIES_ROUNDS

GOLDEN = Path(__file__).parents[1] / "wire" / "letters.json"
anything = st.floats(allow_nan=True, allow_infinity=True, width=64)


def same(a: object, b: object) -> bool:
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    if hasattr(a, "__dataclass_fields__"):
        return type(a) is type(b) and all(same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    return a == b


def response(shape: tuple[int, int, int], draw: st.DataObject) -> Response:
    def array(*more: int) -> np.ndarray:
        return draw.draw(hnp.arrays(np.float64, (*shape, *more), elements=anything))

    return Response(array(), array(2), array(2), draw.draw(hnp.arrays(np.int8, shape, elements=st.integers(0, 3))))


@given(data=st.data(), s=st.integers(1, 3), t=st.integers(1, 3), i=st.integers(1, 6))
@settings(max_examples=60, deadline=None)
def test_split_and_join_are_inverse_for_any_partition(data: st.DataObject, s: int, t: int, i: int) -> None:
    whole = response((s, t, i), data)
    owner = data.draw(hnp.arrays(np.int64, i, elements=st.integers(0, 2)))
    parts = [np.flatnonzero(owner == k) for k in range(3) if (owner == k).any()]
    assert same(join([(rows, split(whole, rows)) for rows in parts], i), whole)


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_the_wire_changes_no_bit(data: st.DataObject) -> None:
    letter = response((2, 1, 3), data)
    assert same(read(text(letter)), letter)
    assert text(read(text(letter))) == text(letter)


def test_wire_text_is_strict_json_and_refused_numbers_are_null() -> None:
    letter = Power(np.array([[[[np.nan, 1.0]]]]), np.zeros((1, 1, 1), np.int8))
    body = json.loads(text(letter), parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert body["body"]["s"]["data"] == [None, 1.0]


def test_nested_letters_travel_and_split() -> None:
    shape = (1, 2, 3)
    curve = PowerCurve(np.zeros(shape), np.ones(shape), np.arange(12.0).reshape(*shape, 2, 1), np.full(shape, 3, np.int8))
    ask = VoltageUnder(curve)
    assert same(read(text(ask)), ask)
    assert split(ask, np.array([2])).draw.c.shape == (1, 2, 1, 2, 1)


def bent(seed: int, shape: tuple[int, int, int] = (2, 3, 4), terms: int = 3) -> PowerCurve:
    """Curves with up to three knots each, in the order in which a party sends them."""
    rng = np.random.default_rng(seed)
    at = [(s, t, i) for i in range(shape[2]) for s in range(shape[0]) for t in range(shape[1]) for _ in range(rng.integers(0, 4))]
    s, t, i = np.array(at, np.int64).reshape(-1, 3).T
    knot = rng.uniform(0.95, 1.05, len(at))
    knot = knot[np.lexsort((knot, t, s, i))]
    bends = Bends(s, t, i, knot, rng.normal(size=(len(at), 2, terms)))
    return PowerCurve(np.full(shape, 0.9), np.full(shape, 1.1), rng.normal(size=(*shape, 2, terms)), np.full(shape, 3, np.int8), bends)


@given(seed=st.integers(0, 10_000), owner=st.lists(st.integers(0, 2), min_size=4, max_size=4))
@settings(max_examples=40, deadline=None)
def test_bends_travel_split_and_join_whoever_sends_them(seed: int, owner: list[int]) -> None:
    curve = bent(seed)
    parts = [np.flatnonzero(np.array(owner) == k) for k in range(3) if k in owner]
    assert same(join([(rows, split(curve, rows)) for rows in parts], 4), curve)
    assert same(read(text(curve)), curve)


@given(seed=st.integers(0, 10_000), x=st.floats(0.9, 1.1))
@settings(max_examples=60, deadline=None)
def test_a_curve_says_at_a_voltage_what_its_piece_says(seed: int, x: float) -> None:
    curve = bent(seed)
    b, v = curve.bends, np.random.default_rng(seed).uniform(0.9, 1.1, curve.low.shape)
    v[0, 0, 0] = b.knot[0] if len(b.knot) else x
    found = curve_at(curve, v)
    for at in np.ndindex(v.shape):
        mine = (b.scenario == at[0]) & (b.period == at[1]) & (b.interface == at[2])
        edges = np.array([0.9, *b.knot[mine], 1.1])
        piece = int((edges[1:-1] <= v[at]).sum())
        c = [curve.c[at], *b.c[mine]][piece]
        u = (2 * v[at] - edges[piece] - edges[piece + 1]) / (edges[piece + 1] - edges[piece])
        for part in range(2):
            want = np.polynomial.chebyshev.chebval(u, c[part])
            assert abs(found[at][part] - want) <= SERIES_ROUNDS * max(1.0, abs(want))


@given(seed=st.integers(0, 10_000), rows=st.lists(st.integers(0, 3), max_size=5))
@settings(max_examples=40, deadline=None)
def test_pieces_follow_their_scenarios(seed: int, rows: list[int]) -> None:
    old, new = (bent(k, (4, 2, 3)) for k in (seed, seed + 1))
    v, at = np.random.default_rng(seed).uniform(0.9, 1.1, old.low.shape), np.array(rows, np.int64)
    some = PowerCurve(old.low[at], old.high[at], old.c[at], old.worth[at], scenarios(old.bends, at))
    assert np.array_equal(curve_at(some, v[at]), curve_at(old, v)[at])
    c = old.c.copy()
    c[at] = new.c[at]
    both = curve_at(PowerCurve(old.low, old.high, c, old.worth, overlaid(old.bends, new.bends, at)), v)
    mine = np.isin(np.arange(4), at)
    assert np.array_equal(both[mine], curve_at(new, v)[mine])
    assert np.array_equal(both[~mine], curve_at(old, v)[~mine])


def test_unknown_records_and_versions_are_refused() -> None:
    with pytest.raises(ValueError, match="no record called 'Trojan'"):
        read('{"kind":"Trojan","v":1,"body":{}}')
    with pytest.raises(ValueError, match="version 9"):
        read('{"kind":"PowerAt","v":9,"body":{}}')
    with pytest.raises(TypeError, match="cannot travel"):
        text(object())


def test_numbers_are_counted_and_marks_are_not() -> None:
    shape = (1, 1, 4)
    assert numbers(PowerAt(np.ones(shape))) == 4
    assert numbers(Power(np.ones((*shape, 2)), np.ones(shape, np.int8))) == 8
    assert numbers(Voltage(np.ones(shape), np.ones(shape), np.ones(shape, np.int8))) == 8


def test_distance_is_zero_for_equal_letters_and_infinite_where_a_number_is_missing() -> None:
    one = PowerAt(np.array([[[1.0, np.nan]]]))
    assert distance(one, PowerAt(one.v.copy())) == 0.0
    assert distance(one, PowerAt(np.array([[[1.0, 2.0]]]))) == np.inf
    assert distance(PowerAt(np.array([[[200.0]]])), PowerAt(np.array([[[100.0]]]))) == 1.0


@pytest.mark.parametrize("name", sorted(register()))
def test_every_field_says_how_it_lies_and_in_what_unit(name: str) -> None:
    kind = register()[name]
    if not hasattr(kind, "__dataclass_fields__"):
        return
    for lie in (f.metadata["lie"] for f in fields(kind)):
        assert lie.lies in ("dense", "long", "common")
        assert lie.meaning
        assert lie.unit


def test_every_shelf_of_letters_is_registered() -> None:
    assert sorted(SHELVES) == sorted(path.stem for path in Path(wire.__file__).parent.glob("*letters.py"))


def test_questions_know_their_reply() -> None:
    assert reply_type(PowerAt) is Power
    assert all(reply_type(k) in register().values() for k in register().values() if issubclass(k, Ask))


def test_schema_snapshot() -> None:
    """A change here needs a new version and a line in the changelog; `python -m tests.boundary.test_letters` writes the snapshot."""
    assert schema() == json.loads(GOLDEN.read_text())


def schema() -> dict[str, dict[str, list[str]]]:
    kinds = {name: kind for name, kind in register().items() if hasattr(kind, "__dataclass_fields__")}
    return {name: {f.name: [(m := f.metadata["lie"]).lies, m.unit, m.dtype] for f in fields(kind)} for name, kind in sorted(kinds.items())}


def test_worth_is_ordered_by_worth() -> None:
    assert Worth.REFUSED < Worth.ESTIMATE < Worth.BOUND < Worth.EXACT
    assert set(lies(Sensitivity(np.zeros((1, 1, 1, 1, 2)), np.zeros((1, 1, 1), np.int8)))) == {"dv", "worth"}
    assert layout.numbers("name") == 1


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(schema(), indent=1) + "\n")
