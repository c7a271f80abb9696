"""Schedules of energy and two reserves that grow with feeders and hours, load flows of all feeders included; and companies that lead."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from gridtandem.cases.named import case
from gridtandem.frequency.leader import FastGroup, SecureStrategy, best, best_within, certificate, leader, reach
from gridtandem.parties.secure_transmission import pieces
from gridtandem.program.by_hours import Market, with_parts
from gridtandem.program.follower import Follower
from gridtandem.program.outer import Outer
from gridtandem.schemes.joint_reserve_strategic import JointReserveStrategic
from gridtandem.study.reserve.day import joint_reserve
from gridtandem.study.reserve.experiments.scaling import SYSTEMS
from gridtandem.study.reserve.study import ReserveStudy, seated
from gridtandem.tables import Real

Prepare = Callable[[], Callable[[], Real]]
FEEDERS = (1, 2, 4, 8, 16)
PROVED = 5e-5  # relative gap that is told as 0.00 %


def schedule(system: str, feeders: int, hours: int) -> Prepare:
    """The least cost of so many hours from the first on, with feeders at as many buses; answers it and its bound."""

    def prepare() -> Callable[[], Real]:
        case = SYSTEMS[system](feeders)

        def work() -> Real:
            plan = joint_reserve(case, hours=hours)
            return np.array([plan.cost, plan.bound])

        return work

    return prepare


def leading(name: str, first: int, hours: int, route: str) -> Prepare:
    """The best strategy of all feeders together, with what each hour's market tells them and a certificate at the end; answers its cost.

    Routes: hour by hour (``cells``), all hours in one search, or conditions of optimality.
    """

    def prepare() -> Callable[[], Real]:
        seats = seated(ReserveStudy(case=case(name), scheme=JointReserveStrategic(), first=first, hours=hours))
        market, hung = seats.market.market, seats.schedule.feeders
        groups = tuple(FastGroup(feeder=h.feeder, count=h.count, place=int(k)) for h, k in zip(hung, market.place, strict=True))

        def cells() -> Real:
            found, followers, _ = everything()
            assert certificate(found, followers).holds
            assert found.found.gap <= PROVED
            return np.array([found.found.total])

        def everything() -> tuple[SecureStrategy, Sequence[Follower], list[Market]]:
            followers, (low, high) = market.followers(), reach(groups)
            told = [pieces(follower, *sides) for follower, *sides in zip(followers, low, high, strict=True)]
            return best(groups, (low, high), told), followers, told

        if route == "cells":
            return cells
        found, followers, told = everything()  # penalties are those of the first contender
        if route == "one search":
            return lambda: np.array([Outer().solve(with_parts(leader(found.groups, found.box), "theta", told)).require().cost])
        return lambda: np.array([best_within(found.groups, followers, found.box, "kkt-sos1").found.total])

    return prepare
