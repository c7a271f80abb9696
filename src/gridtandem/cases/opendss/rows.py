"""One OpenDSS element, as the engine states it, to one row of our tables.

Meanings of properties: the engine's own property help (DSS C-API 0.14) and R. C. Dugan, "Reference Guide: The Open Distribution
System Simulator", EPRI.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from gridtandem.cases.opendss.elements import Circuit, Element, Plain, coil_row, limit, shifted
from gridtandem.grid import phase_elements as pe
from gridtandem.tables import Table

# OpenDSS load model → (law, exponents of p and q); the exponents of 4 and the shares of 8 stand in the load itself
LAWS = {
    1: (pe.POWER, 0.0, 0.0), 2: (pe.IMPEDANCE, 2.0, 2.0), 3: (pe.POWER_REACTANCE, 0.0, 2.0), 4: (pe.EXPONENTS, 0.0, 0.0),
    5: (pe.CURRENT, 1.0, 1.0), 8: (pe.ZIP, 0.0, 0.0),
}  # fmt: skip
SAME = 1e-9  # two statements of one capacitor agree
CONTROLS = {1: 0, 2: 1, 3: 2}  # OpenDSS generator model → our control


def rows_of(elements: Iterable[Element], cls: type[Table], circuit: Circuit) -> Plain:
    """Columns of a table."""
    rows = [ROWS[e.kind](e, circuit) for e in elements]
    empty = cls.empty()
    return {name: [r[name] for r in rows] if rows else getattr(empty, name) for name in (rows[0] if rows else cls.columns())}


def _hung_row(e: Element, circuit: Circuit) -> Plain:
    connection, terminals = coil_row(e.data["Conn"] == "delta", e.data["Phases"], e.nodes())
    return {"name": e.name, "bus": circuit.buses[e.ends[0].bus], "connection": connection, "terminals": terminals, "nominal_kv": e.data["kV"]}


def _line_row(e: Element, circuit: Circuit) -> Plain:
    d, (start, end) = e.data, e.ends
    phase = [0, 0, 0]
    for a, b in zip(start.nodes, end.nodes, strict=True):
        phase[a - 1] = b
    susceptance = 2e-3 * math.pi * circuit.frequency_hz  # µS per nF
    return {
        "name": e.name, "from_bus": circuit.buses[start.bus], "to_bus": circuit.buses[end.bus], "to_phase": phase,
        "r_ohm": _spread(d["RMatrix"], start.nodes, d["Length"]), "x_ohm": _spread(d["XMatrix"], start.nodes, d["Length"]),
        "b_us": _spread(d["CMatrix"], start.nodes, d["Length"] * susceptance), "rating_a": limit(d["NormAmps"]),
        "rating_emergency_a": limit(d["EmergAmps"]), "switch": d["Switch"], "closed": e.closed,
    }  # fmt: skip


def _spread(matrix: Sequence[Sequence[float]], nodes: Sequence[int], factor: float) -> list[list[float]]:
    """A matrix between conductors, times ``factor``, in its place among the phases."""
    full = [[0.0] * 3 for _ in range(3)]
    for j, a in enumerate(nodes):
        for k, b in enumerate(nodes):
            full[a - 1][b - 1] = matrix[j][k] * factor
    return full


def _transformer_row(e: Element, circuit: Circuit) -> Plain:
    d = e.data
    row: Plain = {
        "name": e.name, "low_side": int(str(d["LeadLag"]).lower() in ("lead", "euro")), "base_mva": shifted(d["kVAs"][0], -3),
        "x_pu": shifted(d["XHL"], -2), "no_load_loss_pu": shifted(d["pctNoLoadLoss"], -2), "magnetizing_pu": shifted(d["pctIMag"], -2),
        "guard_ppm": d["ppm_Antifloat"], "rating_mva": limit(d["NormHkVA"], -3), "rating_emergency_mva": limit(d["EmergHkVA"], -3),
        "bank": d["Bank"], "closed": e.closed,
    }  # fmt: skip
    for k, side in enumerate(("from", "to")):
        connection, terminals = coil_row(d["Conns"][k] == "delta", d["Phases"], e.ends[k].nodes)
        row |= {
            f"{side}_bus": circuit.buses[e.ends[k].bus], f"connection_{side}": connection, f"terminals_{side}": terminals,
            f"nominal_{side}_kv": d["kVs"][k], f"r_{side}_pu": shifted(d["pctRs"][k], -2), f"tap_{side}_pu": d["Taps"][k],
            f"tap_{side}_low_pu": d["MinTap"][k], f"tap_{side}_high_pu": d["MaxTap"][k], f"steps_{side}": d["NumTaps"][k],
        }  # fmt: skip
    return row


def _regulator_row(e: Element, circuit: Circuit) -> Plain:
    d = e.data
    return {
        "name": e.name, "transformer": circuit.transformers[d["Transformer"].lower()], "side": d["Winding"] - 1, "coil": int(d["PTPhase"]),
        "v_target_v": d["VReg"], "band_v": d["Band"], "pt_ratio": d["PTRatio"], "ct_primary_a": d["CTPrim"], "r_drop_v": d["R"],
        "x_drop_v": d["X"], "delay_s": d["Delay"], "tap_delay_s": d["TapDelay"], "most_steps": d["MaxTapChange"],
    }  # fmt: skip


def _load_row(e: Element, circuit: Circuit) -> Plain:
    d = e.data
    factor = circuit.load_factor if d["Status"] == "Variable" else 1.0
    law, n_p, n_q = LAWS[d["Model"]]
    if law == pe.EXPONENTS:
        n_p, n_q = d["CVRWatts"], d["CVRVars"]
    z_p, i_p, _, z_q, i_q, _, cut = d["ZIPV"] if law == pe.ZIP else [0.0] * 7
    return {
        **_hung_row(e, circuit), "p_mw": shifted(d["kW"] * factor, -3), "q_mvar": shifted(d["kvar"] * factor, -3), "law": law,
        "p_exponent": n_p, "q_exponent": n_q, "p_z_share": z_p, "p_i_share": i_p, "q_z_share": z_q, "q_i_share": i_q, "v_cut_pu": cut,
        "v_low_pu": d["VMinpu"], "v_high_pu": limit(d["VMaxpu"]), "v_linear_pu": d["VLowpu"],
    }  # fmt: skip


def _capacitor_row(e: Element, circuit: Circuit) -> Plain:
    r"""The engine keeps C per phase and step: :math:`Q = n_{coils}\,\omega C\,v_{coil}^2` with kV and F gives Mvar."""
    d, hung = e.data, _hung_row(e, circuit)
    star = hung["connection"] == pe.WYE and d["Phases"] > 1
    charged = d["Phases"] * 2 * math.pi * circuit.frequency_hz * 1e-6 * sum(d["Cuf"]) * d["kV"] ** 2 / (3 if star else 1)
    given = shifted(sum(d["kvar"]), -3)
    q_mvar = given if math.isclose(given, charged, rel_tol=SAME) else charged  # kvar is stale where the file gave µF
    return {**hung, "q_mvar": q_mvar, "steps": len(d["Cuf"]), "steps_closed": sum(1 for s in d["States"] if s)}


def _generator_row(e: Element, circuit: Circuit) -> Plain:
    d = e.data
    factor = circuit.generator_factor if d["Status"] == "Variable" else 1.0
    return {
        **_hung_row(e, circuit), "p_mw": shifted(d["kW"] * factor, -3), "q_mvar": shifted(d["kvar"] * factor, -3),
        "control": CONTROLS[d["Model"]], "v_set_pu": d["Vpu"], "q_low_mvar": shifted(d["Minkvar"], -3),
        "q_high_mvar": shifted(d["Maxkvar"], -3), "rating_mva": limit(d["kVA"], -3), "v_low_pu": d["VMinpu"], "v_high_pu": limit(d["VMaxpu"]),
    }  # fmt: skip


def _source_row(e: Element, circuit: Circuit) -> Plain:
    d = e.data
    return {
        "name": e.name, "bus": circuit.buses[e.ends[0].bus], "nominal_kv": d["BasekV"], "v_pu": d["pu"], "angle_deg": d["Angle"],
        "r_positive_ohm": d["Z1"][0], "x_positive_ohm": d["Z1"][1], "r_zero_ohm": d["Z0"][0], "x_zero_ohm": d["Z0"][1],
    }  # fmt: skip


ROWS: Mapping[str, Callable[[Element, Circuit], Plain]] = {
    "Line": _line_row,
    "Transformer": _transformer_row,
    "RegControl": _regulator_row,
    "Load": _load_row,
    "Capacitor": _capacitor_row,
    "Generator": _generator_row,
    "Vsource": _source_row,
}
