"""Where a state of an alternating-current network lies among the unknowns of its relaxation, from complex voltages alone."""

from __future__ import annotations

import numpy as np

from gridtandem.flow.results import branch_flows
from gridtandem.opf.cone import ConeOpf
from gridtandem.program.arrays import Places, flat
from gridtandem.tables import Complex, Real


def drawn(cone: ConeOpf, v: Complex, unit: Complex) -> Complex:
    """What is left at every node."""
    nodal = cone.form.polar.nodal
    out = -v * np.conj(nodal.admittance() @ v)
    np.add.at(out, nodal.units.node, unit)
    law = nodal.loads
    np.add.at(out, law.node, -law.at(np.abs(v[law.node]))[0])
    return out


def point(cone: ConeOpf, v: Complex, unit: Complex) -> dict[str, Real]:
    """All columns, for voltages and injections of units; what is left passes at ports, which leave the network."""
    form = cone.form
    nodal, law = form.polar.nodal, form.polar.nodal.loads
    i, j = form.ends.T
    seen = v[i] / (form.tau * np.exp(1j * form.phi))
    product = seen * np.conj(v[j])
    vm, demand = np.abs(v), np.zeros(len(form.demand.node))
    for load, node in enumerate(law.node.tolist()):
        for power, s, exponent, z, c in zip(
            (0, 1), (law.s[load].real, law.s[load].imag), law.exponent[load], law.z_share[load], law.i_share[load], strict=True
        ):
            for share, n in ((z, 2.0), (c, 1.0), (1 - z - c, exponent)):
                bend = np.sign(s * share * n * (n - 2))
                if bend and n:
                    row = np.flatnonzero((form.demand.node == node) & (form.demand.power == power) & (form.demand.bent == bend))
                    demand[row[0]] += s * share * (vm[node] / law.v0[load]) ** n
    out = drawn(cone, v, unit)[cone.port]
    piece = cone.program.rows["piece"]
    cost = np.array(cone.program.columns["cost"].low)
    lines = piece.low - piece.parts["p"] @ unit.real
    np.maximum.at(cost, piece.parts["cost"].indices, lines)
    assert len(nodal.units.node) == len(unit)
    return {
        "w": vm**2, "a": (np.abs(seen) ** 2 - product.real) / form.sigma, "b": product.imag / form.sigma,
        "e": np.abs(seen - v[j]) ** 2 / form.sigma**2, "demand": demand, "p": unit.real, "q": unit.imag, "cost": cost, "draw_p": out.real,
        "draw_q": out.imag,
    }  # fmt: skip


def misses(cone: ConeOpf, x: dict[str, Real]) -> dict[str, float]:
    """By how much each block of rows, cones, bounds and ranges is missed; all on the scale of their own terms."""
    program, out = cone.program, {}
    whole = np.concatenate([x[name].ravel() for name in program.columns])
    matrix, cones = program.matrix(), program.cone_matrix()
    value, size = matrix @ whole, 1.0 + abs(matrix) @ np.abs(whole)
    low, high = flat(program.rows, "low"), flat(program.rows, "high")
    for name, where in Places.of(program.rows).slices.items():
        out[name] = float((np.maximum(low - value, value - high) / size)[where].max(initial=0.0))
    slack = flat(program.cones, "right") - cones @ whole
    for name, where in Places.of(program.cones).slices.items():
        s = slack[where].reshape(program.cones[name].shape)
        out[name] = float(((np.linalg.norm(s[:, 1:], axis=1) - s[:, 0]) / (1.0 + np.abs(s[:, 0]))).max(initial=0.0))
    for name, column in program.columns.items():
        bottom, top = cone.box.get(name, (column.low, column.high))
        reach = 1.0 + np.abs(x[name])
        out[f"range of {name}"] = float(
            (np.maximum(np.maximum(bottom, column.low) - x[name], x[name] - np.minimum(top, column.high)) / reach).max(initial=0)
        )
    return out


def carried(cone: ConeOpf, v: Complex, x: dict[str, Real]) -> float:
    """Largest difference between the flows in the cones of ratings and those of the network."""
    form, program = cone.form, cone.program
    found, worst = branch_flows(form.polar.nodal, v, form.polar.nodal.branches.ratio), 0.0
    for name, s in zip(("flow_from", "flow_to"), found, strict=True):
        block = program.cones[name]
        entries = (block.right.ravel() - sum(part @ x[k] for k, part in block.parts.items())).reshape(block.shape)
        worst = max(worst, float(np.abs(entries[:, 1] + 1j * entries[:, 2] - s[form.polar.rated]).max(initial=0.0)))
    return worst
