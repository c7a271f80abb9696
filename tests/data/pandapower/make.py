"""Makes the pandapower files beside it, and the voltages pandapower finds for them. Run with pandapower 3.5.6: ``python make.py``.

``case14`` and ``cigre_mv_der`` are networks of the package pandapower (BSD licence); ``all_elements`` is made up here, to hold every element
and option that our reader takes. Standard types, results and empty tables are left out, which pandapower itself does not miss.
"""

from __future__ import annotations

import json
from pathlib import Path

import pandapower as pp
import pandapower.networks as networks

HERE = Path(__file__).parent
EXACT = {"tolerance_mva": 1e-9, "max_iteration": 40, "init": "dc", "calculate_voltage_angles": True, "numba": False}


def all_elements() -> pp.pandapowerNet:
    net = pp.create_empty_network(f_hz=50, sn_mva=10, name="all elements")
    kv = {"A": 110, "B": 20, "C": 20, "D": 20, "E": 20, "F": 20, "G": 0.4, "H": 20, "lost": 20}
    at = {name: pp.create_bus(net, nominal, name=name, min_vm_pu=0.9, max_vm_pu=1.1) for name, nominal in kv.items()}
    pp.create_ext_grid(net, at["A"], vm_pu=1.01, va_degree=5)
    tap = {"tap_neutral": 0, "leakage_resistance_ratio_hv": 0.5, "leakage_reactance_ratio_hv": 0.5}
    pp.create_transformer_from_parameters(
        net, at["A"], at["B"], 25, 112, 20.5, 0.4, 12, 29, 0.5, shift_degree=150, tap_side="lv", tap_min=-9, tap_max=9, tap_step_percent=1.5,
        tap_pos=3, tap_changer_type="Ratio", parallel=2, **tap,
    )  # fmt: skip
    pp.create_transformer_from_parameters(
        net, at["B"], at["G"], 0.63, 20, 0.4, 1.2, 6, 1.1, 0.3, shift_degree=30, tap_side="hv", tap_min=-2, tap_max=2, tap_step_percent=2.5,
        tap_step_degree=60, tap_pos=-1, tap_changer_type="Symmetrical",
        **tap | {"leakage_resistance_ratio_hv": 0.4, "leakage_reactance_ratio_hv": 0.7},
    )  # fmt: skip
    pp.create_transformer_from_parameters(
        net, at["C"], at["H"], 5, 20, 20, 0.4, 6, 0, 0, tap_side="hv", tap_min=-2, tap_max=2, tap_step_degree=1.5, tap_pos=1,
        tap_changer_type="Ideal", **tap,
    )  # fmt: skip
    for name, a, b, km, more in (
        ("L1", "B", "C", 3.0, {"g_us_per_km": 2.0, "parallel": 2}), ("L2", "C", "D", 2.0, {}), ("L3", "D", "E", 2.5, {}),
        ("L4", "B", "E", 12.5, {"max_loading_percent": 80.0}), ("L5", "lost", "E", 1.0, {}),
    ):  # fmt: skip
        pp.create_line_from_parameters(net, at[a], at[b], km, 0.2, 0.12, 273, 0.36, name=name, **more)
    for bus, line, closed in (("E", 3, False), ("B", 0, True), ("E", 4, False), ("lost", 4, False)):
        pp.create_switch(net, at[bus], line, "l", closed=closed)
    pp.create_switch(net, at["D"], at["F"], "b")
    pp.create_impedance(net, at["D"], at["H"], 0.1, 0.2, 100, bf_pu=0.01, bt_pu=0.02, gf_pu=0.001, gt_pu=0.003)
    zip_law = {"const_z_p_percent": 30, "const_i_p_percent": 20, "const_z_q_percent": 10, "const_i_q_percent": 60}
    pp.create_load(net, at["C"], 3, 1, scaling=0.8, **zip_law)
    pp.create_load(net, at["G"], 0.2, 0.1)
    pp.create_load(net, at["F"], 2, 0.4, in_service=False)
    pp.create_load(net, at["E"], 2, 0.4)
    pp.create_ward(net, at["D"], 0.5, 0.2, 0.3, -0.4)
    pp.create_sgen(net, at["E"], 1.5, -0.2, scaling=0.9)
    pp.create_gen(net, at["H"], 1.0, vm_pu=1.0, scaling=1.2, min_q_mvar=-5, max_q_mvar=5)
    pp.create_shunt(net, at["F"], q_mvar=-0.7, p_mw=0.05, vn_kv=19, step=2)
    pp.create_poly_cost(net, 0, "gen", 20, cp0_eur=1, cp2_eur_per_mw2=0.1)
    pp.create_poly_cost(net, 0, "ext_grid", 30)
    return net


def write(name: str, net: pp.pandapowerNet) -> None:
    content = json.loads(pp.to_json(net))
    members = content["_object"]
    for kind in list(members):
        table = members[kind]
        if kind.startswith("res_") or kind == "std_types" or (isinstance(table, dict) and '"data":[]' in table.get("_object", "")):
            del members[kind]
    (HERE / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    pp.runpp(net, **EXACT)
    found = {str(bus): [row.vm_pu, row.va_degree] if row.vm_pu == row.vm_pu else None for bus, row in net.res_bus.iterrows()}
    (HERE / f"{name}.voltages.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write("all_elements", all_elements())
    write("case14", networks.case14())
    write("cigre_mv_der", networks.create_cigre_network_mv(with_der="pv_wind"))
