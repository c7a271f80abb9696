"""Schedules of energy and two reserves that grow with feeders and hours, load flows of all feeders included."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gridtandem.study.reserve.day import joint_reserve
from gridtandem.study.reserve.experiments.scaling import SYSTEMS
from gridtandem.tables import Real

Prepare = Callable[[], Callable[[], Real]]
FEEDERS = (1, 2, 4, 8, 16)


def schedule(system: str, feeders: int, hours: int) -> Prepare:
    """The least cost of so many hours from the first on, with feeders at as many buses; answers it and its bound."""

    def prepare() -> Callable[[], Real]:
        case = SYSTEMS[system](feeders)

        def work() -> Real:
            plan = joint_reserve(case, hours=hours)
            return np.array([plan.cost, plan.bound])

        return work

    return prepare
