"""The study of load exponents: identities, the printed numbers of T14D2, and where independent and coordinated load flows cross."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from gridtandem.boundary.letters import PowerAt
from gridtandem.cases.generate import with_exponents
from gridtandem.cases.named import case
from gridtandem.study.exponents import ExponentResults, crossings, equivalent_exponents, exponent_sweep, methods_table
from gridtandem.study.registry import scheme_named
from gridtandem.study.run import compare
from gridtandem.study.study import Study, seated
from tests.tolerances import (
    CROSSING_NEAR_ONE,
    EXPONENT_BY_DIFFERENCE,
    EXPONENT_TWO,
    PRINTED_EXPONENT,
    PRINTED_KW_OF_MVA,
    PRINTED_MVA_3,
    PRINTED_V4,
    SAME_VOLTAGES,
    STEP,
)  # fmt: skip

CLF, ITLF, IDLF = ("p_mw", "q_mvar"), ("p_itlf_mw", "q_itlf_mvar"), ("p_idlf_mw", "q_idlf_mvar")


@cache
def swept(*points: tuple[float, float]) -> ExponentResults:
    return exponent_sweep(case("T14D2"), points)


def at_bus_10(n: tuple[float, float]) -> ExponentResults:
    table = swept((0.0, 0.0), (1.0, 1.0), (2.0, 2.0), (0.9, 1.3))
    return table.take((table.p_exponent == n[0]) & (table.q_exponent == n[1]) & (table.interface == "I10"))


def test_constant_impedances_have_equivalent_exponent_two() -> None:
    table = swept((2.0, 2.0))
    assert np.abs(table.p_equivalent - 2).max() <= EXPONENT_TWO
    assert np.abs(table.q_equivalent - 2).max() <= EXPONENT_TWO


@pytest.mark.parametrize(
    ("n", "printed"), [((0.0, 0.0), (-0.1052, -0.1131)), ((0.9, 1.3), (0.9009, 1.3018)), ((1.0, 1.0), (0.9987, 1.0006)), ((2.0, 2.0), (2.0, 2.0))]
)
def test_equivalent_exponents_at_bus_10(n: tuple[float, float], printed: tuple[float, float]) -> None:
    row = at_bus_10(n)
    assert row.p_equivalent[0] == pytest.approx(printed[0], abs=PRINTED_EXPONENT)
    assert row.q_equivalent[0] == pytest.approx(printed[1], abs=PRINTED_EXPONENT)


@pytest.mark.parametrize("n", [(0.0, 0.0), (0.9, 1.3), (3.0, 0.5)])
def test_equivalent_exponents_are_logarithmic_slopes(n: tuple[float, float]) -> None:
    """d log S / d log V by central differences of the plain `PowerAt` letter."""
    study = Study(case=with_exponents(case("14A"), *n), scheme=None)
    v = np.array([1.04, 0.97])
    mail = seated(study).mailbox(None, (1, 1))
    up, down = (mail.ask_dsos(PowerAt((v * np.exp(step))[None, None])).s[0, 0] for step in (STEP, -STEP))
    slope = (np.log(up) - np.log(down)) / (2 * STEP)
    assert equivalent_exponents(study, v) == pytest.approx(slope, rel=0, abs=EXPONENT_BY_DIFFERENCE)


@pytest.mark.parametrize(
    ("n", "columns", "printed", "margin"),
    [
        ((0.0, 0.0), CLF, (7.790, 4.840), PRINTED_MVA_3),
        ((0.0, 0.0), ITLF, (7.430, 4.600), PRINTED_MVA_3),
        ((0.0, 0.0), IDLF, (7.835, 4.870), PRINTED_MVA_3),
        ((1.0, 1.0), CLF, (7.832, 4.840), PRINTED_MVA_3),
        ((1.0, 1.0), ITLF, (7.822, 4.843), PRINTED_MVA_3),
        ((2.0, 2.0), CLF, (7.884, 4.847), PRINTED_MVA_3),
        ((2.0, 2.0), ITLF, (8.226, 5.093), PRINTED_MVA_3),
    ],
)
def test_boundary_power_at_bus_10(n: tuple[float, float], columns: tuple[str, str], printed: tuple[float, float], margin: float) -> None:
    row = at_bus_10(n)
    assert [getattr(row, c)[0] for c in columns] == pytest.approx(printed, rel=0, abs=margin)


def test_lowest_voltages_of_coordinated_and_independent_feeders() -> None:
    row = at_bus_10((0.0, 0.0))
    assert row.v_low_pu[0] == pytest.approx(0.9709, abs=PRINTED_V4)
    assert row.v_low_idlf_pu[0] == pytest.approx(0.9131, abs=PRINTED_V4)


@pytest.mark.parametrize(("together", "alone"), list(zip(CLF, ITLF, strict=True)))
def test_independent_and_coordinated_cross_near_constant_current(together: str, alone: str) -> None:
    table = swept(*((n, n) for n in (0.0, 0.5, 1.0, 1.5, 2.0)))
    rows = table.take(table.interface == "I10")
    found = crossings(rows.p_exponent, getattr(rows, together), getattr(rows, alone))
    assert len(found) == 1
    assert found[0] == pytest.approx(1.0, abs=CROSSING_NEAR_ONE)


def test_crossings_of_straight_lines() -> None:
    x = np.array([0.0, 1.0, 2.0, 3.0])
    assert crossings(x, x, 2 - x).tolist() == [1.0]
    assert crossings(x, np.array([0.0, 3.0, 0.0, 0.0]), np.ones(4)).tolist() == pytest.approx([1 / 3, 5 / 3])
    assert crossings(x, x, x + 1).tolist() == []


def test_exponents_where_there_is_no_answer_are_absent() -> None:
    heavy = case("T14D2")
    heavy = type(heavy)(**{n: getattr(heavy, n) for n in heavy.__slots__} | {"interfaces": type(heavy.interfaces)(
        **{c: getattr(heavy.interfaces, c) for c in heavy.interfaces.columns()} | {"scale": np.full(2, 6.0)})})  # fmt: skip
    table = exponent_sweep(heavy, [(0.0, 0.0)])
    assert len(table) == 2
    assert np.isnan(table.p_mw).all()
    assert np.isnan(table.p_equivalent).all()
    assert table.interface.tolist() == ["I10", "I12"]


@pytest.mark.parametrize("name", ["14A", "30A", "30B"])
def test_methods_side_by_side(name: str) -> None:
    """Coordinated equals merged; transmission alone misses the feeders' losses; feeders alone have another voltage."""
    table = methods_table(compare(Study(case=case(name), scheme=None), [scheme_named(s) for s in ("independent", "response", "merged")]))
    alone, both, merged = (table.take(table.scheme == s) for s in ("independent", "response", "merged"))
    assert len(table) == 3 * len(case(name).interfaces)
    assert np.abs(both.v_pu - merged.v_pu).max() <= SAME_VOLTAGES
    assert np.abs(both.v_low_pu - merged.v_low_pu).max() <= SAME_VOLTAGES
    assert (alone.v_feeder_pu == 1.0).all()
    assert np.abs(alone.v_low_pu - merged.v_low_pu).min() > PRINTED_KW_OF_MVA
    assert both.rounds.tolist() == [3] * len(both)
