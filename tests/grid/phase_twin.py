"""A slow, readable three-phase load flow from our tables alone: what the tables claim, set beside an engine that knows the file."""

from __future__ import annotations

import numpy as np

from gridtandem.grid import phase_elements as pe
from gridtandem.grid.three_phase import ThreePhaseNetwork
from gridtandem.tables import Complex

TURN = np.exp(-2j * np.pi / 3 * np.arange(3))


def incidence(pairs: list[tuple[int, int]]) -> Complex:
    """(coil, phase): coil voltages from phase voltages of one bus."""
    out = np.zeros((len(pairs), 3))
    for k, (a, b) in enumerate(pairs):
        for node, sign in ((a, 1.0), (b, -1.0)):
            if node:
                out[k, node - 1] += sign
    return out.astype(complex)


def line(net: ThreePhaseNetwork, k: int) -> Complex:
    """Admittance between the phases of both ends, (6, 6). [S]"""
    ln = net.lines
    here = np.flatnonzero(ln.to_phase[k] > 0)
    z = (ln.r_ohm[k] + 1j * ln.x_ohm[k])[np.ix_(here, here)]
    y, half = np.linalg.inv(z), 0.5e-6j * ln.b_us[k][np.ix_(here, here)]
    rows = np.concatenate([here, 3 + ln.to_phase[k][here] - 1])
    out = np.zeros((6, 6), complex)
    out[np.ix_(rows, rows)] = np.block([[y + half, -y], [-y, y + half]])
    return out


def transformer(net: ThreePhaseNetwork, k: int) -> Complex:
    """Admittance between the phases of both ends, (6, 6). [S]"""
    t = net.transformers
    first, second = pe.winding_coils(t, k)
    each = t.base_mva[k] / len(first)  # MVA per coil pair
    kv_1 = pe.coil_kv(t.connection_from, t.terminals_from, t.nominal_from_kv)[k] * t.tap_from_pu[k]
    kv_2 = pe.coil_kv(t.connection_to, t.terminals_to, t.nominal_to_kv)[k]
    anchors = [abs(incidence(first)).sum(0) / (kv_1 / t.tap_from_pu[k]) ** 2, abs(incidence(second)).sum(0) / kv_2**2]
    guard = -0.5e-6j * t.guard_ppm[k] * each * np.concatenate(anchors)
    z = t.r_from_pu[k] + t.r_to_pu[k] + 1j * t.x_pu[k]
    kv_2 *= t.tap_to_pu[k]
    drawn = (t.no_load_loss_pu[k] - 1j * t.magnetizing_pu[k]) * each / kv_2**2
    map_both = np.block([[incidence(first) / kv_1, np.zeros((len(first), 3))], [np.zeros((len(second), 3)), incidence(second) / kv_2]])
    pair = np.kron([[1, -1], [-1, 1]], np.eye(len(first))) * each / z
    out = map_both.T @ pair @ map_both
    out[3:, 3:] += drawn * incidence(second).T @ incidence(second)
    return out + np.diag(guard)


def hung(table: pe.PhaseLoads | pe.Capacitors, k: int, s: complex) -> Complex:
    """Admittance that draws ``s`` MVA in all coils together at rated voltage, (3, 3). [S]"""
    c = incidence(pe.coils(int(table.connection[k]), table.terminals[k]))
    kv = pe.coil_kv(table.connection, table.terminals, table.nominal_kv)[k]
    return c.T @ c * np.conj(s) / len(c) / kv**2


def system(net: ThreePhaseNetwork) -> Complex:
    """Admittance matrix of lines, transformers, capacitors and sources, (3 · bus, 3 · bus). [S]"""
    y = np.zeros((3 * len(net.buses), 3 * len(net.buses)), complex)

    def add(buses: list[int], block: Complex) -> None:
        rows = np.concatenate([3 * b + np.arange(3) for b in buses])
        y[np.ix_(rows, rows)] += block

    for k in np.flatnonzero(net.lines.closed):
        add([int(net.lines.from_bus[k]), int(net.lines.to_bus[k])], line(net, int(k)))
    for k in np.flatnonzero(net.transformers.closed):
        add([int(net.transformers.from_bus[k]), int(net.transformers.to_bus[k])], transformer(net, int(k)))
    c = net.capacitors
    for k in range(len(c)):
        add([int(c.bus[k])], hung(c, k, -1j * c.q_mvar[k] * c.steps_closed[k] / c.steps[k]))
    for k, z in enumerate(net.sources.matrix()):
        add([int(net.sources.bus[k])], np.linalg.inv(z))
    return y


def coil_power(net: ThreePhaseNetwork, k: int, u: np.ndarray) -> Complex:
    """Power of each coil of load k at coil voltages ``u`` (per unit of rated). [MVA]"""
    ld = net.loads
    n = len(pe.coils(int(ld.connection[k]), ld.terminals[k]))
    p, q = ld.p_mw[k] / n, ld.q_mvar[k] / n
    low, high, linear, law = ld.v_low_pu[k], ld.v_high_pu[k], ld.v_linear_pu[k], ld.law[k]

    def within(v: np.ndarray) -> Complex:
        def one(z: float, i: float, e: float) -> np.ndarray:
            return z * v**2 + i * v + (1 - z - i) * v**e

        return p * one(ld.p_z_share[k], ld.p_i_share[k], ld.p_exponent[k]) + 1j * q * one(ld.q_z_share[k], ld.q_i_share[k], ld.q_exponent[k])

    if law == pe.IMPEDANCE:
        return within(u)
    m = 1 if law == pe.CURRENT else 2
    with np.errstate(divide="ignore", invalid="ignore"):  # no low limit: nothing lies below it
        current = linear + (low ** (1 - m) - linear) * (u - linear) / (low - linear)  # over that at rated voltage
        below = np.where(u <= linear, u**2, current * u)
    outside = (p + 1j * q) * np.where(u <= low, below, high ** -float(m) * u**2)
    return np.where((u > low) & (u <= high), within(u), outside)


def load_power(net: ThreePhaseNetwork, k: int, v: Complex) -> complex:
    """Power of load k at the phase voltages of its bus [kV]. [MVA]"""
    ld = net.loads
    coil = incidence(pe.coils(int(ld.connection[k]), ld.terminals[k])) @ v
    return complex(coil_power(net, k, abs(coil) / pe.coil_kv(ld.connection, ld.terminals, ld.nominal_kv)[k]).sum())


def voltages(net: ThreePhaseNetwork, rounds: int = 300) -> Complex:
    """Phase-to-ground voltages (bus, phase) with taps as they stand, by iterating load currents. [kV]; 0 where a phase is absent."""
    ld, src = net.loads, net.sources
    y, there = system(net), net.buses.phases.ravel()
    feed = np.zeros(len(y), complex)
    behind = (src.nominal_kv / np.sqrt(3) * src.v_pu * np.exp(1j * np.radians(src.angle_deg)))[:, None] * TURN
    for k, z in enumerate(src.matrix()):
        feed[3 * src.bus[k] : 3 * src.bus[k] + 3] += np.linalg.inv(z) @ behind[k]
    maps, base = [], pe.coil_kv(ld.connection, ld.terminals, ld.nominal_kv)
    for k in range(len(ld)):
        maps.append(incidence(pe.coils(int(ld.connection[k]), ld.terminals[k])))
        y[3 * ld.bus[k] : 3 * ld.bus[k] + 3, 3 * ld.bus[k] : 3 * ld.bus[k] + 3] += hung(ld, k, ld.p_mw[k] + 1j * ld.q_mvar[k])
    inner = np.flatnonzero(there)
    inverse = np.linalg.inv(y[np.ix_(inner, inner)])
    v = np.zeros(len(y), complex)
    v[inner] = inverse @ feed[inner]
    for _ in range(rounds):
        drawn = feed.copy()
        for k, c in enumerate(maps):
            at = slice(3 * ld.bus[k], 3 * ld.bus[k] + 3)
            coil = c @ v[at]
            s = coil_power(net, k, abs(coil) / base[k])
            rated = np.conj(ld.p_mw[k] + 1j * ld.q_mvar[k]) / len(c) / base[k] ** 2
            drawn[at] -= c.T @ (np.conj(s / coil) - rated * coil)
        new = np.zeros_like(v)
        new[inner] = inverse @ drawn[inner]
        if np.abs(new - v).max() < 1e-13 * np.abs(v).max():
            break
        v = new
    return new.reshape(-1, 3)
