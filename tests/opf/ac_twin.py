"""The rows and the cost of an AC optimal power flow, slowly and in rectangular coordinates; complex numbers may be put in for complex steps."""

from __future__ import annotations

import numpy as np

from gridtandem.opf.ac import AcOpf
from gridtandem.units import MVA

TINY = 1e-30


def _times(a, b):
    return a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]


def _power(v, i):
    """v · conj(i) of numbers held as (real, imaginary)."""
    return v[0] * i[0] + v[1] * i[1], v[1] * i[0] - v[0] * i[1]


def rows(problem: AcOpf, x):
    """All rows, in the order of the blocks."""
    form, nodal = problem.form, problem.form.nodal
    n, units, net = nodal.nodes, nodal.units, nodal.network
    g = net.generators.take(units.row)
    theta, v = x[:n], x[n : 2 * n]
    p, q = x[2 * n : 2 * n + len(units.row)], x[2 * n + len(units.row) : 2 * n + 2 * len(units.row)]
    y = x[2 * n + 2 * len(units.row) :]
    left = np.zeros((2, n), x.dtype)
    for k, node in enumerate(units.node):
        left[:, node] += p[k], q[k]
    for k, node in enumerate(nodal.loads.node):
        u = v[node] / nodal.loads.v0[k]
        for part, s in enumerate((nodal.loads.s[k].real, nodal.loads.s[k].imag)):
            z, i, e = (a[k, part] for a in (nodal.loads.z_share, nodal.loads.i_share, nodal.loads.exponent))
            left[part, node] -= s * (z * u**2 + i * u + (1 - z - i) * u**e)
    for node in range(n):
        left[:, node] -= nodal.shunt[node].real * v[node] ** 2, -nodal.shunt[node].imag * v[node] ** 2
    squared, br = [], nodal.branches
    for k in range(len(br.start)):
        tap = (1 / br.ratio[k].conjugate()).conjugate()
        a = _times((v[br.start[k]] * np.cos(theta[br.start[k]]), v[br.start[k]] * np.sin(theta[br.start[k]])), (tap.real, tap.imag))
        b = v[br.end[k]] * np.cos(theta[br.end[k]]), v[br.end[k]] * np.sin(theta[br.end[k]])
        admittance, half = 1 / br.z[k], br.b[k] / 2
        through = _times((a[0] - b[0], a[1] - b[1]), (admittance.real, admittance.imag))
        sent = _power(a, (through[0] - half * a[1], through[1] + half * a[0]))
        received = _power(b, (-through[0] - half * b[1], -through[1] + half * b[0]))
        left[:, br.start[k]] -= sent
        left[:, br.end[k]] -= received
        squared.append((sent[0] ** 2 + sent[1] ** 2, received[0] ** 2 + received[1] ** 2))
    table = np.array(squared)[form.rated].T
    angle = theta[br.start[form.angled]] - theta[br.end[form.angled]]
    capped, factor = np.isfinite(g.s_high_mva), g.power_factor_low > 0
    steep = np.sqrt(1 / g.power_factor_low[factor] ** 2 - 1)
    pieces = problem.pieces
    lines = y[np.searchsorted(pieces.priced, pieces.unit)] - pieces.slope * p[pieces.unit]
    bent = [q[factor] - steep * p[factor], -q[factor] - steep * p[factor]]
    return np.concatenate([left.ravel(), table.ravel(), angle, p[capped] ** 2 + q[capped] ** 2, *bent, lines])


def cost(problem: AcOpf, x):
    """Cost per hour from the tables."""
    nodal = problem.form.nodal
    n, row = nodal.nodes, nodal.units.row
    p = MVA * x[2 * n : 2 * n + len(row)]
    total = x[2 * n + 2 * len(row) :].sum()
    table = nodal.network.costs
    for unit, order, factor in zip(table.generator, table.order, table.coefficient, strict=True):
        for k in np.flatnonzero(row == unit):
            total = total + factor * p[k] ** order
    return total


def derivative(function, x):
    """By complex steps, exact to rounding: (…, unknown)."""
    columns = []
    for k in range(len(x)):
        moved = x.astype(complex)
        moved[k] += 1j * TINY
        columns.append(np.imag(function(moved)) / TINY)
    return np.stack(columns, -1)
