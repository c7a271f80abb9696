"""pandapower's JSON files out, in the form pandapower 3 loads with ``from_json``; a load flow there gives our answer.

What pandapower cannot hold is refused by name, unless no load flow depends on it: that becomes a note.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from gridtandem.errors import Fault, InvalidCase
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.tables import Flag, Index, Names, Real

Columns = Mapping[str, "Sequence[object] | Real | Index | Flag | Names"]
DTYPES: Final = {"f": "float64", "i": "int64", "b": "bool", "U": "object", "O": "object"}


def write_pandapower(network: Network, path: str | Path) -> tuple[str, ...]:
    """Write a file for pandapower 3; the answer says what was left out.

    Lines have a length of 1 km. A transformer without ratio and shift becomes an impedance, any other a transformer whose charging stands
    as shunts at its ends; in both ways the equations stay the same. References become external grids.
    """
    if faults := [*network.faults(), *_refusals(network)]:
        raise InvalidCase(f.at(network.name) for f in faults)
    members: dict[str, object] = {kind: _framed(columns) for kind, columns in _tables(network).items()}
    members |= {"version": "3.5.6", "format_version": "3.3.0", "name": network.name, "f_hz": network.frequency_hz, "sn_mva": network.base_mva}
    content = {"_module": "pandapower.auxiliary", "_class": "pandapowerNet", "_object": members}
    Path(path).write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8", newline="\n")
    return tuple(_notes(network))


def _framed(columns: Columns) -> dict[str, object]:
    """A pandas frame in split orientation; what is not finite is left open."""
    arrays = {name: np.asarray(values) for name, values in columns.items()}
    cells = [[None if isinstance(x, float) and not np.isfinite(x) else x for x in a.tolist()] for a in arrays.values()]
    size = len(cells[0]) if cells else 0
    split = {"columns": list(arrays), "index": list(range(size)), "data": [list(row) for row in zip(*cells, strict=True)]}
    return {
        "_module": "pandas.core.frame", "_class": "DataFrame", "_object": json.dumps(split, allow_nan=False), "orient": "split",
        "dtype": {name: DTYPES[a.dtype.kind] for name, a in arrays.items()}, "is_multiindex": False, "is_multicolumn": False,
    }  # fmt: skip


def _tables(network: Network) -> dict[str, Columns]:
    b, ties, ld = network.buses, network.ties, network.loads
    plain, turned = _split(network.transformers)
    terms = _terms(ld)
    return {
        "bus": {
            "name": b.name, "vn_kv": b.nominal_kv, "type": ["b"] * len(b), "zone": b.zone.astype(str), "in_service": b.live,
            "max_vm_pu": b.v_high_pu, "min_vm_pu": b.v_low_pu,
        },
        "load": {
            "name": ld.name, "bus": ld.bus, "p_mw": terms["p"].sum(-1), "q_mvar": terms["q"].sum(-1),
            "const_z_p_percent": _percent(terms["p"], 2), "const_i_p_percent": _percent(terms["p"], 1),
            "const_z_q_percent": _percent(terms["q"], 2), "const_i_q_percent": _percent(terms["q"], 1),
            "scaling": np.ones(len(ld)), "in_service": ld.live,
        },
        "line": _lines(network), "trafo": _transformers(network, turned), "impedance": _impedances(network.transformers.take(plain)),
        "switch": {
            "bus": ties.from_bus, "element": ties.to_bus, "et": ["b"] * len(ties), "type": ["CB"] * len(ties), "closed": ties.closed,
            "name": ties.name, "z_ohm": np.zeros(len(ties)),
        },
        "shunt": _shunts(network, turned), **_sources(network),
    }  # fmt: skip


def _split(t: el.Transformers) -> tuple[Flag, Flag]:
    """Transformers that are mere impedances, and the others."""
    plain = (t.ratio == 1) & (t.shift_deg == 0)
    return plain, ~plain


def _terms(ld: el.Loads) -> dict[str, Real]:
    r"""Constant, linear and square part of demand at 1 per unit, (load, [1, v, v²]).

    .. math:: P_0 \left[ z (v/v_0)^2 + i\, v/v_0 + (1-z-i) (v/v_0)^n \right], \qquad n \in \{0, 1, 2\}
    """
    out = {}
    for quantity, size in (("p", ld.p_mw), ("q", ld.q_mvar)):
        z, i, n = (getattr(ld, f"{quantity}_{name}") for name in ("z_share", "i_share", "exponent"))
        rest = 1 - z - i
        share = np.stack([rest * (n == 0), i + rest * (n == 1), z + rest * (n == 2)], -1)
        out[quantity] = size[:, None] * share / ld.v_calibration_pu[:, None] ** np.arange(3)
    return out


def _percent(terms: Real, power: int) -> Real:
    whole = terms.sum(-1)
    return np.where(whole == 0, 0.0, 100 * terms[:, power] / np.where(whole == 0, 1.0, whole))


def _lines(network: Network) -> Columns:
    ln = network.lines
    size, kv = len(ln), network.buses.nominal_kv[ln.from_bus]
    return {
        "name": ln.name, "from_bus": ln.from_bus, "to_bus": ln.to_bus, "length_km": np.ones(size), "r_ohm_per_km": ln.r_ohm, "x_ohm_per_km": ln.x_ohm,
        "c_nf_per_km": ln.b_us * 1e3 / (2 * np.pi * network.frequency_hz), "g_us_per_km": np.zeros(size),
        "max_i_ka": ln.rating_mva / (np.sqrt(3) * kv), "df": np.ones(size), "parallel": np.ones(size, np.int64), "in_service": ln.closed,
    }  # fmt: skip


def _transformers(network: Network, turned: Flag) -> Columns:
    t, kv = network.transformers.take(turned), network.buses.nominal_kv
    size, none = len(t), np.zeros(turned.sum())
    sign = np.where(t.x_pu < 0, -1.0, 1.0)
    return {
        "name": t.name, "hv_bus": t.from_bus, "lv_bus": t.to_bus, "sn_mva": t.base_mva,
        "vn_hv_kv": kv[t.from_bus] * t.ratio, "vn_lv_kv": kv[t.to_bus],
        "vk_percent": 100 * sign * np.hypot(t.r_pu, t.x_pu), "vkr_percent": 100 * t.r_pu, "pfe_kw": none, "i0_percent": none,
        "shift_degree": t.shift_deg, "tap_pos": none, "tap_neutral": none, "tap_side": ["hv"] * size, "tap_changer_type": ["Ratio"] * size,
        "tap_step_percent": none, "tap_dependency_table": np.zeros(size, bool), "parallel": np.ones(size, np.int64), "df": np.ones(size),
        "max_loading_percent": 100 * t.rating_mva / t.base_mva, "in_service": t.closed,
    }  # fmt: skip


def _impedances(t: el.Transformers) -> Columns:
    none = np.zeros(len(t))
    return {
        "name": t.name, "from_bus": t.from_bus, "to_bus": t.to_bus, "rft_pu": t.r_pu, "xft_pu": t.x_pu, "rtf_pu": t.r_pu, "xtf_pu": t.x_pu,
        "gf_pu": none, "bf_pu": t.b_pu / 2, "gt_pu": none, "bt_pu": t.b_pu / 2, "sn_mva": t.base_mva, "in_service": t.closed,
    }  # fmt: skip


def _shunts(network: Network, turned: Flag) -> Columns:
    """Our shunts, and the charging of transformers seen from their two buses."""
    sh, t = network.shunts, network.transformers.take(turned & (network.transformers.b_pu != 0))
    half, none = t.b_pu * t.base_mva / 2, np.zeros(2 * len(t))
    bus = np.concatenate([sh.bus, t.from_bus, t.to_bus])
    names = [*sh.name.tolist(), *(f"{name} charging, {side}" for side in ("from", "to") for name in t.name.tolist())]
    return {
        "bus": bus, "name": names, "q_mvar": -np.concatenate([sh.b_mvar, half / t.ratio**2, half]), "p_mw": np.concatenate([sh.g_mw, none]),
        "vn_kv": network.buses.nominal_kv[bus], "step": np.ones(len(bus), np.int64), "max_step": np.ones(len(bus), np.int64),
        "in_service": np.concatenate([sh.live, t.closed, t.closed]),
    }  # fmt: skip


def _sources(network: Network) -> dict[str, Columns]:
    """External grids, generators and static generators, and their polynomial costs."""
    g, out, element = network.generators, {}, np.zeros(len(network.generators), np.int64)
    kinds = np.array(["sgen", "gen", "ext_grid"])[g.control]
    for kind in ("ext_grid", "gen", "sgen"):
        rows = np.flatnonzero(kinds == kind)
        element[rows] = np.arange(len(rows))
        u = g.take(rows)
        columns: dict[str, Sequence[object] | Real | Index | Flag | Names] = {
            "name": u.name, "bus": u.bus, "in_service": u.live, "min_p_mw": u.p_low_mw, "max_p_mw": u.p_high_mw,
            "min_q_mvar": u.q_low_mvar, "max_q_mvar": u.q_high_mvar,
        }  # fmt: skip
        if kind == "ext_grid":
            columns |= {"va_degree": network.buses.angle_start_deg[u.bus]}
        else:
            columns |= {"p_mw": u.p_mw, "sn_mva": u.s_high_mva, "scaling": np.ones(len(u)), "controllable": np.ones(len(u), bool)}
        columns |= {"q_mvar": u.q_mvar} if kind == "sgen" else {"vm_pu": u.v_set_pu, "slack_weight": u.slack_share}
        out[kind] = columns | ({"slack": np.zeros(len(u), bool)} if kind == "gen" else {})
    c = network.costs
    priced = np.unique(c.generator)
    factor = np.zeros((len(g), 3))
    np.add.at(factor, (c.generator, c.order), c.coefficient)
    cost: Columns = {
        "element": element[priced], "et": kinds[priced], "cp0_eur": factor[priced, 0], "cp1_eur_per_mw": factor[priced, 1],
        "cp2_eur_per_mw2": factor[priced, 2], "cq0_eur": np.zeros(len(priced)), "cq1_eur_per_mvar": np.zeros(len(priced)),
        "cq2_eur_per_mvar2": np.zeros(len(priced)),
    }  # fmt: skip
    return {**out, "poly_cost": cost}


def _refusals(network: Network) -> Iterator[Fault]:
    ld, g = network.loads, network.generators
    odd = np.zeros(len(ld), bool)
    for size, n, z, i in ((ld.p_mw, ld.p_exponent, ld.p_z_share, ld.p_i_share), (ld.q_mvar, ld.q_exponent, ld.q_z_share, ld.q_i_share)):
        odd |= ~np.isin(n, (0, 1, 2)) & (size != 0) & (z + i != 1)
    for k in np.flatnonzero(odd & ld.live).tolist():
        what = "has an exponent other than 0, 1 and 2, which pandapower does not know"
        yield ld.fault(k, "p_exponent", what, "state it by shares of impedance, current and power", "case-150")
    terms = _terms(ld)
    bends = sum(abs(terms[quantity][:, 1:]).sum(-1) for quantity in ("p", "q")) > 0
    drawn = np.concatenate([ld.bus[ld.live], g.bus[g.live & (g.control == el.PQ)]])
    for k in np.flatnonzero(bends & ld.live).tolist():
        if (drawn == ld.bus[k]).sum() > 1:
            what = "depends on voltage and shares its bus with another load or static generator; pandapower would mix their laws"
            yield ld.fault(k, "bus", what, "give it a bus of its own behind a closed tie", "case-150")
        for quantity in ("p", "q"):
            if terms[quantity][k].any() and terms[quantity][k].sum() == 0:
                yield ld.fault(k, f"{quantity}_z_share", "has parts that cancel out at 1 pu", "split it into two loads", "case-150")
    for k in np.flatnonzero(network.costs.order > 2).tolist():
        yield network.costs.fault(k, "order", f"is {network.costs.order[k]}; pandapower knows 0, 1 and 2", "fit a square polynomial", "case-152")
    for k in sorted(set(network.cost_points.generator.tolist())):
        yield g.fault(k, "", "has a piecewise-linear cost, whose height pandapower does not keep", "write another format", "case-152")


def _notes(network: Network) -> Iterator[str]:
    units, t = network.generators, network.transformers
    if (network.buses.area != 1).any():
        yield "not written: areas of buses"
    for column, usual in (("power_factor_low", 0.0), ("startup_cost", 0.0), ("shutdown_cost", 0.0)):
        if len(at := np.flatnonzero(getattr(units, column) != usual)):
            yield f"not written: {column} of generators {', '.join(units.name[at].tolist())}"
    if len(at := np.flatnonzero((units.control == el.REFERENCE) & (units.p_mw != 0))):
        yield f"not written: p_mw of references {', '.join(units.name[at].tolist())}"
    if len(moved := np.flatnonzero(t.control != el.FIXED)):
        yield f"written with their present ratio: controlled transformers {', '.join(t.name[moved].tolist())}"
    for what, branch in (("lines", network.lines), ("transformers", t)):
        short = np.isfinite(branch.rating_short_mva) | np.isfinite(branch.rating_emergency_mva)
        angle = (branch.angle_low_deg > -360) | (branch.angle_high_deg < 360)
        if (short | angle).any():
            yield f"not written: short-time and emergency ratings and angle limits of {what}"
    if (limited := _split(t)[0] & np.isfinite(t.rating_mva)).any():
        yield f"not written: ratings of transformers without ratio {', '.join(t.name[limited].tolist())}"
