"""Small markets as followers and small companies as leaders: uneven numbers, so that kinks do not lie at sides of boxes by chance."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from gridtandem.program.arrays import Columns, Program, Rows
from gridtandem.program.bilevel import Bilevel
from gridtandem.program.follower import Follower
from gridtandem.tables import Index, Real

SHED, SPILL, BEYOND = 300.0, 60.0, 150.0
PENALTIES = ("shed", "spill", "above", "below")


def network_market(rng: np.random.Generator, *, at: Index | None = None, priced: bool = True, short: bool = False) -> Follower:
    """A ring of buses with offers, flows by factors of shift; the leader draws at one bus or at several."""
    n = 3 + int(rng.integers(0, 4))
    reactance, limit = rng.uniform(0.1, 0.4, n), rng.uniform(8.0, 20.0, n)
    demand = rng.uniform(2.0, 9.0, n)
    offers = 2 * n
    bus, size, cost = rng.integers(0, n, offers), rng.uniform(3.0, 12.0, offers), rng.uniform(5.0, 60.0, offers)
    if short:
        size *= 0.2
    at = np.array([n - 1]) if at is None else at % n
    shift = _shift(reactance)
    place = sparse.csr_array((np.ones(offers), (bus, np.arange(offers))), shape=(n, offers))
    draw = sparse.csr_array((np.ones(len(at)), (at, np.arange(len(at)))), shape=(n, len(at)))
    one = np.ones((1, n))
    columns = {"p": Columns.of(offers, 0.0, size, cost=cost)}
    balance, flow = {"p": one @ place.toarray()}, {"p": shift @ place.toarray()}
    if priced:
        columns |= {"shed": Columns.of(n, 0.0, cost=SHED), "spill": Columns.of(n, 0.0, cost=SPILL)}
        columns |= {name: Columns.of(n, 0.0, cost=BEYOND) for name in ("above", "below")}
        balance |= {"shed": one, "spill": -one}
        flow |= {"shed": shift, "spill": -shift, "above": -np.eye(n), "below": np.eye(n)}
    at_rest = shift @ demand
    rows = {"balance": Rows.of(1, demand.sum(), demand.sum(), balance), "line": Rows.of(n, at_rest - limit, at_rest + limit, flow)}
    into = {"balance": sparse.csr_array(one @ draw.toarray()), "line": sparse.csr_array(shift @ draw.toarray())}
    return Follower(Program(columns, rows, constant=3.0), into, PENALTIES if priced else ())


def coupled(seed: int, *, priced: bool = True, ramp: float = 1.5) -> Bilevel:
    """A company against one market of two hours, whose units ramp by little; θ has a number for each hour."""
    rng = np.random.default_rng(seed)
    hour = network_market(rng)
    hours = {f"h{t}": hour.at(np.array([demand])) for t, demand in enumerate((-2.0, 3.0))}
    units = hour.program.columns["p"].low.size
    eye = sparse.eye_array(units)
    slack = {f"ramp {way}": Program({"by": Columns.of(units, 0.0, cost=BEYOND)}, {}) for way in ("up", "down") if priced}
    more = {"ramp up.by": -eye, "ramp down.by": eye} if priced else {}
    rows = {"ramp": Rows.of(units, -ramp, ramp, {"h1.p": eye, "h0.p": -eye, **more})}
    into = {f"h{t}.{name}": sparse.csr_array(sparse.kron(np.eye(1, 2, t), matrix)) for t in range(2) for name, matrix in hour.into.items()}
    market = Follower(Program.beside({**hours, **slack}, rows), into, tuple(f"h{t}.{name}" for t in range(2) for name in PENALTIES))
    return Bilevel(company(rng, 1, 2), "draw", (market,))


def _shift(reactance: Real) -> Real:
    """Flows on a ring from bus k to k + 1 per injection, taken out at bus 0."""
    n = len(reactance)
    incidence = np.eye(n) - np.roll(np.eye(n), 1, axis=1)
    weighted = incidence / reactance[:, None]
    out = np.zeros((n, n))
    out[:, 1:] = weighted[:, 1:] @ np.linalg.inv((incidence.T @ weighted)[1:, 1:])
    return out


def company(rng: np.random.Generator, periods: int, numbers: int = 1) -> Program:
    """Demand, own units by rising cost, and a store over all periods; what is left is drawn from the market."""
    count = 3
    demand, most = rng.uniform(4.0, 14.0, (periods, numbers)), rng.uniform(1.0, 5.0, (periods, numbers, count))
    cost = np.sort(rng.uniform(4.0, 70.0, (periods, numbers, count)), axis=2)
    columns = {
        "draw": Columns.of((periods, numbers), -9.137, 15.291), "own": Columns.of(most.shape, 0.0, most, cost=cost),
        "charge": Columns.of((periods, numbers), 0.0, 2.0), "discharge": Columns.of((periods, numbers), 0.0, 2.0, cost=1.0),
    }  # fmt: skip
    size = periods * numbers
    eye = np.eye(size)
    rows = {
        "balance": Rows.of(
            (periods, numbers), demand, demand, {"draw": eye, "own": np.kron(eye, np.ones((1, count))), "charge": -eye, "discharge": eye}
        )
    }
    sums = np.kron(np.tril(np.ones((periods, periods))), np.eye(numbers))
    rows["store"] = Rows.of((periods, numbers), 0.0, 3.0, {"charge": 0.9 * sums, "discharge": -sums / 0.9})
    return Program(columns, rows, constant=2.0)


def small(seed: int, *, numbers: int = 1, periods: int | None = None) -> Bilevel:
    """A company against one market in each of one to three periods."""
    rng = np.random.default_rng(seed)
    hours = periods or 1 + int(rng.integers(0, 3))
    at = np.array([1, 3, 5])[:numbers]
    return Bilevel(company(rng, hours, numbers), "draw", tuple(network_market(rng, at=at) for _ in range(hours)))
