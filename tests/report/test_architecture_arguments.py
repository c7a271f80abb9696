"""What people write wrong where architectures are simulated from Python: every argument is told at once, by its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gridtandem.errors import InvalidCase
from gridtandem.report.architecture.critical import critical
from gridtandem.report.architecture.simulated import simulate
from gridtandem.report.architecture.sweep import sweep

TOY = "toy-two-feeders"
DAY: dict[str, object] = {"first_hour": 1.5, "hours": "2", "flow": "reactive", "seed": -1}


def told(door: Callable[..., Any], *given: object, **more: object) -> set[str]:
    with pytest.raises(InvalidCase) as caught:
        door(TOY, *given, **more)
    return {f"{f.table}.{f.column}" if f.column else f.code for f in caught.value.faults}


def test_simulate_tells_all_at_once() -> None:
    wrong = {**DAY, "lights": "four", "arb": "much", "envelope": "fair", "joint": "maybe", "price": float("nan")}
    assert told(simulate, ["R1", "R9"], ["hail"], **wrong) == {*(f"simulate.{name}" for name in wrong), "arch-141", "arch-121"}
    assert told(simulate, "R1", "nominal") == {"simulate.which", "simulate.scenarios"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seed", True), ("seed", 1.0), ("seed", None), ("price", "40"), ("price", float("inf")), ("hours", -1), ("first_hour", 0),
        ("lights", ["two"]), ("lights", None),
    ],
)  # fmt: skip
def test_each_by_its_name(name: str, value: object) -> None:
    assert told(simulate, ["R1"], ["nominal"], **{name: value}) == {f"simulate.{name}"}


def test_sweep_and_critical_tell_all_at_once() -> None:
    wrong = {**DAY, "vary": 3, "levels": "1,2", "scenario": ["nominal"]}
    assert told(sweep, "R1", **wrong) == {"sweep.which", *(f"sweep.{name}" for name in wrong)}
    assert told(sweep, ["R1", "R9"], vary="bypass", levels=(2,), scenario="hail", seed=-1) == {"arch-141", "arch-121", "arch-170", "sweep.seed"}
    assert told(critical, "R9", scenario="hail", **DAY) == {*(f"critical.{name}" for name in DAY), "arch-141", "arch-121"}
    assert told(critical, ["R1"]) == {"critical.architecture"}
    assert told(critical, "R1", scenario="hail") == {"arch-121"}


def test_whole_numbers_of_any_make_are_the_same() -> None:
    made: tuple[dict[str, Any], ...] = ({"seed": 1, "hours": 1, "price": 40}, {"seed": np.int64(1), "hours": np.int64(1), "price": np.float64(40)})
    one, other = (simulate(TOY, ["R1"], ["nominal"], **each) for each in made)
    assert one.document() == other.document()
