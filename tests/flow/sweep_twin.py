"""The sweep as one would write it on paper: one row after the other, node by node, loads by their own law. Twin of the compiled kernel."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gridtandem.flow.sweep import Swept
from gridtandem.grid.forest import Forest
from gridtandem.grid.nodal import LoadLaw
from gridtandem.tables import Complex, Real

FAR = 1.0


def sweep(forest: Forest, v_root: Real, loading: Real, *, tol: float = 1e-12, sweeps: int = 400) -> Swept:
    """Answers of every row."""
    v_root, loading = np.broadcast_arrays(v_root, loading)
    shape, n = v_root.shape, len(forest.parent)
    v, s, ds = np.full((*shape[:-1], n), np.nan, complex), np.full(shape, np.nan, complex), np.full(shape, np.nan, complex)
    ok, count = np.zeros(shape, bool), np.zeros(shape, np.int64)
    for at in np.ndindex(shape):
        f = at[-1]
        a, b = forest.start[f : f + 2]
        found = one(forest, f, float(v_root[at]), float(loading[at]), tol, sweeps)
        ok[at], count[at] = found[0], found[1]
        if ok[at]:
            v[(*at[:-1], slice(a, b))], s[at], ds[at] = found[2:]
    return Swept(v=v, s=s, ds=ds, ok=ok, sweeps=count)


def one(forest: Forest, f: int, root: float, loading: float, tol: float, sweeps: int) -> tuple[bool, int, Complex | None, complex, complex]:
    """Whether one row rests, after how many sweeps, its voltages, power drawn and slope."""
    a, b = forest.start[f : f + 2]
    some, g = slice(int(forest.first_load[f]), int(forest.first_load[f + 1])), forest.turn[a:b]
    laws = forest.loads
    law = LoadLaw(
        node=laws.node[some] - a,
        s=laws.s[some],
        exponent=laws.exponent[some],
        z_share=laws.z_share[some],
        i_share=laws.i_share[some],
        v0=laws.v0[some],
    )
    parent, z, y = np.where(forest.parent[a:b] < 0, -1, forest.parent[a:b] - a), forest.z[a:b] / abs(g) ** 2, forest.shunt[a:b] * abs(g) ** 2

    def power(u: Complex) -> tuple[Complex, Complex]:
        """Demand less injection, and its derivative by |U|."""
        s, ds = law.at(abs(g * u)[law.node])
        total, slope = -forest.injection[a:b].astype(complex), np.zeros(b - a, complex)
        np.add.at(total, law.node, loading * s)
        np.add.at(slope, law.node, loading * ds * abs(g[law.node]))
        return total, slope

    def current(u: Complex) -> Complex:
        return np.conj(power(u)[0] / u) + y * u

    def tangent(du: Complex) -> Complex:
        s, ds = power(u)
        size = ds * (np.conj(u) * du).real / abs(u)
        return np.conj(size / u - s * du / u**2) + y * du

    with np.errstate(all="ignore"):
        ok, count, u = settle(parent, z, current, root, tol, sweeps)
        if not ok:
            return False, count, None, np.nan, np.nan
        j = gather(parent, current(u))
        ok, _, du = settle(parent, z, tangent, 1.0, tol, 2 * sweeps)
    return ok, count if ok else sweeps, g * u, u[0] * np.conj(j[0]), np.conj(j[0]) + root * np.conj(gather(parent, tangent(du))[0])


def gather(parent: Complex, j: Complex) -> Complex:
    """Currents of whole subtrees."""
    j = j.copy()
    for k in range(len(j) - 1, 0, -1):
        j[parent[k]] += j[k]
    return j


def settle(parent: Complex, z: Complex, current: Callable[[Complex], Complex], root: float, tol: float, sweeps: int) -> tuple[bool, int, Complex]:
    """Gather currents, drop voltages, until they rest."""
    u = np.full(len(parent), root, complex)
    for count in range(1, sweeps + 1):
        j, new = gather(parent, current(u)), u.copy()
        for k in range(1, len(u)):
            new[k] = new[parent[k]] - z[k] * j[k]
        moved = abs(new - u).max()
        u = new
        if moved <= tol:
            return True, count, u
        if not moved < FAR:
            return False, count, u
    return False, sweeps, u
