"""A whole study of many feeders, and its parts one by one: what lies around the kernels."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import numpy as np

from gridtandem.cases.generate import joined
from gridtandem.coordinate import coordinate
from gridtandem.schemes import Response
from gridtandem.study.craft import saved
from gridtandem.study.judge import judged
from gridtandem.study.plans import plans_of
from gridtandem.study.run import run
from gridtandem.study.study import Study, seated
from gridtandem.tables import Real

Work = Callable[[], Real | None]
Prepare = Callable[[], Work]
ONE, HERE = (1, 1), (0, 0)  # a scenario and a period


@cache
def study(transmission: str, feeder: str, how_many: int) -> Study:
    """Each feeder with a company of its own, so that letters are as many as they can be."""
    return Study(case=joined(transmission, feeder, how_many=how_many, count=1), scheme=Response())


def parts(transmission: str, feeder: str, how_many: int) -> dict[str, Prepare]:
    """A run, then its parts, each after the ones before it were prepared."""
    each = {"run": _run, "seat": _seat, "coordinate": _coordinate, "plans": _plans, "judge": _judge, "save": _save}
    return {name: partial(_prepared, part, transmission, feeder, how_many) for name, part in each.items()}


def _prepared(part: Callable[[Study], Work], transmission: str, feeder: str, how_many: int) -> Work:
    return part(study(transmission, feeder, how_many))


def _run(it: Study) -> Work:
    def work() -> Real:
        verdict = run(it).require().verdict
        return np.empty(0) if verdict is None else verdict.buses.v_pu

    return work


def _seat(it: Study) -> Work:
    return _silent(lambda: seated(it))


def _coordinate(it: Study) -> Work:
    seats = seated(it)
    return _silent(lambda: coordinate(seats.mailbox(it.scheme, ONE), it.scheme))


def _plans(it: Study) -> Work:
    seats = seated(it)
    agreement = it.scheme.agreement(coordinate(seats.mailbox(it.scheme, ONE), it.scheme).state)
    return _silent(lambda: plans_of(seats, agreement, HERE))


def _judge(it: Study) -> Work:
    seats = seated(it)
    plans = plans_of(seats, it.scheme.agreement(coordinate(seats.mailbox(it.scheme, ONE), it.scheme).state), HERE)
    return _silent(lambda: judged(seats.owner, [plans]))


def _save(it: Study) -> Work:
    found, folder = run(it), tempfile.TemporaryDirectory()
    return _silent(lambda: saved(found, Path(folder.name, "run.tandem")))


def _silent(work: Callable[[], object]) -> Work:
    """Parts are timed, not compared."""

    def timed() -> None:
        work()

    return timed
