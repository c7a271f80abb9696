"""MATPOWER files in and out: every convention, every fault, and the same tables after a round trip."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridtandem.cases.matpower.read import read_matpower
from gridtandem.cases.matpower.write import undone, write_matpower
from gridtandem.errors import InvalidCase
from gridtandem.flow.newton import Newton
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.grid.nodal import Nodal
from tests import tolerances as t
from tests.cases.texts import BRANCH, BUS, CODE, COST, GEN, HEAD, LINE, SMALL, matpower_case, matpower_folder, with_statement


def faults(text: str | Path) -> list[str]:
    with pytest.raises(InvalidCase) as caught:
        read_matpower(text)
    return [str(f) for f in caught.value.faults]


def same(a: Network, b: Network) -> list[str]:
    """Names of tables that differ in a single bit."""
    return [name for name, table in a.tables().items() if table.digest() != b.tables()[name].digest()]


def test_the_small_case_becomes_our_tables() -> None:
    net = read_matpower(SMALL)
    assert net.name == "small"
    assert net.base_mva == 10.0
    assert net.buses.name.tolist() == ["feeding point", "the miller's", "north [5%]", "spare"]
    assert net.buses.live.tolist() == [True, True, True, False]
    assert net.buses.zone.tolist() == [1, 1, 3, 1]
    assert net.lines.name.tolist() == ["feeding point-the miller's", "the miller's-north [5%]", "the miller's-north [5%]#2"]
    assert net.lines.r_ohm == pytest.approx([0.0922, 0.4930, 0.3660], rel=t.IDENTITY)
    assert net.lines.b_us.tolist()[0] == 0
    assert net.lines.b_us[1] == pytest.approx(0.01 * 10 / 12.66**2 * 1e6, rel=t.IDENTITY)
    assert net.lines.rating_mva.tolist() == [np.inf, 6.0, np.inf]
    assert net.lines.rating_emergency_mva.tolist() == [np.inf, 8.0, np.inf]
    assert net.lines.angle_low_deg.tolist() == [-360, -360, -30]
    assert net.lines.angle_high_deg.tolist() == [360, 360, 30]
    assert net.transformers.name.tolist() == ["the miller's-spare", "feeding point-north [5%]"]
    assert net.transformers.ratio.tolist() == [1.0, 0.975]
    assert net.transformers.shift_deg.tolist() == [0.0, -15.0]
    assert net.transformers.closed.tolist() == [True, False]
    assert net.loads.p_mw == pytest.approx([0.085, 0.0765], rel=t.IDENTITY)
    assert net.loads.q_mvar == pytest.approx(np.array([0.1, 0.09]) * np.sqrt(1 - 0.85**2), rel=t.IDENTITY)
    assert (net.shunts.g_mw.tolist(), net.shunts.b_mvar.tolist()) == ([1.5], [-2.0])
    assert net.generators.name.tolist() == ["feeding point", "north [5%]", "north [5%]#2"]
    assert net.generators.control.tolist() == [el.REFERENCE, el.VOLTAGE, el.VOLTAGE]
    assert net.generators.live.tolist() == [True, True, False]
    assert net.generators.startup_cost.tolist() == [5.0, 0.0, 0.0]
    assert (net.costs.generator.tolist(), net.costs.order.tolist(), net.costs.coefficient.tolist()) == ([0, 0, 2, 2], [2, 1, 1, 0], [0.25, 20, 7, 8])
    assert (net.cost_points.p_mw.tolist(), net.cost_points.cost_per_h.tolist()) == ([0.0, 4.0], [0.0, 60.0])


def test_numbered_buses_keep_their_numbers() -> None:
    net = read_matpower(SMALL, numbered=True, name="other")
    assert net.name == "other"
    assert net.buses.name.tolist() == ["1", "2", "5", "6"]
    assert net.lines.name.tolist() == ["1-2", "2-5", "2-5#2"]


def test_bus_names_that_do_not_tell_buses_apart_give_way_to_numbers() -> None:
    assert read_matpower(SMALL.replace("'spare'", "'north [5%]'")).buses.name.tolist() == ["1", "2", "5", "6"]


def test_open_nominal_voltages_are_stated() -> None:
    net = read_matpower(SMALL.replace("12.66", "0").replace("0.4	1", "0	1").replace(CODE, ""))
    assert net.buses.nominal_kv.tolist() == [1.0] * 4
    expected = "BASE_KV is 0 at 4 of 4 buses: taken as 1 kV, so ohm values there are nominal; per-unit results do not depend on it"
    assert net.notes == (expected,)


def test_a_pv_bus_without_a_generator_in_service_acts_as_pq_and_says_so() -> None:
    net = read_matpower(SMALL.replace("1.02	100	1", "1.02	100	0"))
    assert net.notes == ("bus type 2 (PV) without a generator in service acts as PQ: bus 5",)


def test_a_reference_without_a_generator_hands_over_as_in_matpower() -> None:
    net = read_matpower(SMALL.replace("-10	1	100	1", "-10	1	100	0"))
    assert net.notes[0] == "reference bus 1 has no generator in service: bus 5, the first PV bus with one, takes its place"
    assert net.generators.control.tolist() == [el.VOLTAGE, el.REFERENCE, el.REFERENCE]


def test_other_fields_are_noted() -> None:
    assert read_matpower(with_statement("mpc.hours.zones = [1 1];\nmpc.A = [];")).notes == ("not read: mpc.A, mpc.hours.zones",)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("	1	2	0.0922", "	1	55	0.0922"), "mpc.branch[row 1].T_BUS is 55, which is no bus of this file; did you mean 5? (case-113)"),
        (("	5	2.5	0", "	77	2.5	0"), "mpc.gen[row 2].GEN_BUS is 77, which is no bus of this file; name a bus of mpc.bus (case-113)"),
        (("	2	1	100", "	1	1	100"), "mpc.bus[row 2].BUS_I is 1, as in row 1; bus numbers must be unique (case-114)"),
        (("	2	1	100", "	2	7	100"), "mpc.bus[row 2].BUS_TYPE is 7; it must be 1 (PQ), 2 (PV), 3 (reference) or 4 (isolated) (case-112)"),
        (("	2	1	100", "	2.5	1	100"), "mpc.bus[row 2].BUS_I is 2.5; give a whole number (case-112)"),
        (("	2	1	100", "	0	1	100"), "mpc.bus[row 2].BUS_I is 0; bus numbers begin at 1 (case-112)"),
        (("	2	1	100", "	2	1	NaN"), "mpc.bus[row 2].PD is not a number; give a number (case-010)"),
        (
            ("	5	2	90", "	5	3	90"),
            "mpc.bus[row 3].BUS_TYPE makes bus 5 a second reference beside bus 1; keep one; set BUS_TYPE = 2 at the others (case-116)",
        ),
        (("	1	3	0", "	1	1	0"), "mpc.bus.BUS_TYPE has no reference bus; set BUS_TYPE = 3 at one bus with a generator (case-115)"),
        (("mpc.baseMVA = 10", "mpc.baseMVA = -10"), "mpc.baseMVA is not a positive number; give the power base in MVA (case-112)"),
        (("mpc.gen = ", "mpc.gem = "), "mpc.gen is missing; give the table of 10 or more columns (case-110)"),
        ((BRANCH, "mpc.branch = [1 2 0.1 0.2];\n"), "mpc.branch has 4 columns; a MATPOWER file has 11 or more here (case-111)"),
        ((BUS, "mpc.bus = [];\n"), "mpc.bus has no row; give at least one bus (case-110)"),
        (("'spare' };", "};"), "mpc.bus_name has 3 names for 4 buses; give one name per bus, or none at all (case-112)"),
        (
            ("2	5	6	3	0.25	20	0	99", "2	5	6	5	0.25	20	0	99"),
            "mpc.gencost[row 1].NCOST promises 5 numbers where the row has 4; complete the row or correct NCOST (case-117)",
        ),
        (
            ("1	0	0	2	0	0	4	60", "1	0	0	2	4	0	4	60"),
            "mpc.gencost[row 2].COST has points whose power does not rise; order the points by power (case-117)",
        ),
        (("1	0	0	2	0	0	4	60", "3	0	0	2	0	0	4	60"), "mpc.gencost[row 2].MODEL is 3; "
            "it must be 1 (piecewise linear) or 2 (polynomial) (case-117)"),
        (
            ("	2	0	0	2	7	8	0	0;\n", ""),
            "mpc.gencost has 2 rows for 3 generators; give one row per generator, or two (active, then reactive) (case-117)",
        ),
    ],
)  # fmt: skip
def test_a_fault_is_named_exactly(change: tuple[str, str], expected: str) -> None:
    text = SMALL.replace(*change)
    if "mpc.bus = []" in text or "has 4 columns" in expected or "mpc.gen " in expected:
        text = text.replace(CODE, "")
    assert "text: " + expected in faults(text)


def test_many_faults_come_at_once() -> None:
    text = (
        SMALL.replace("	1	2	0.0922", "	1	55	0.0922")
        .replace("	5	2.5	0", "	77	2.5	0")
        .replace("	2	1	100", "	1	1	100")
    )
    assert [f.split(";")[0] for f in faults(text)] == [
        "text: mpc.bus[row 2].BUS_I is 1, as in row 1",
        "text: mpc.gen[row 2].GEN_BUS is 77, which is no bus of this file",
        *(f"text: mpc.branch[row {k}].F_BUS is 2, which is no bus of this file" for k in (2, 3, 4)),
        "text: mpc.branch[row 1].T_BUS is 55, which is no bus of this file",
    ]


def test_a_negative_reactance_is_a_fault_unless_the_file_is_said_to_hold_equivalents() -> None:
    text = SMALL.replace("0.0922	0.0470", "0.0922	-0.0470")
    mend = "correct it, or read the file with equivalents=True if it describes a reduced network or series capacitors (case-030)"
    assert faults(text) == [f"text: lines[feeding point-the miller's].x_ohm is negative (-0.047 ohm); {mend}"]
    assert read_matpower(text, equivalents=True).lines.equivalent.tolist() == [True, False, False]


def test_reactive_cost_and_dc_lines_are_refused_by_name() -> None:
    free = "\t2\t0\t0\t2\t0\t0\t0\t0;\n"
    doubled = COST.replace("];\nmpc.bus_name", free.replace("2\t0\t0\t0\t0;", "2\t3\t0\t0\t0;") + free + free + "];\nmpc.bus_name")
    what = "is a cost of reactive power, which no table here can hold; delete the second half of mpc.gencost (case-118)"
    assert faults(SMALL.replace(COST, doubled)) == [f"text: mpc.gencost[row 4] {what}"]
    what = "has 1 DC line(s) in service, which no table here can hold; delete them, or put a load and a generator at their ends (case-118)"
    assert faults(with_statement("mpc.dcline = [1 2 1 10; 1 2 0 10];")) == [f"text: mpc.dcline {what}"]


@pytest.mark.parametrize(
    "statement",
    ["mpc.A = [1 0]; mpc.l = 0; mpc.u = 1;", "mpc.N = [1 0];", "mpc.if.map = [1 1]; mpc.if.lims = [1 -3 3];", "mpc.reserves.req = 20;",
     "mpc.softlims.RATE_A.hl_mod = 'remove';", "mpc.user_constraints.nln = {'g'};"],
)  # fmt: skip
def test_fields_that_bind_an_optimum_are_refused_by_name(statement: str) -> None:
    (found,) = faults(with_statement(statement))
    assert found.startswith(f"text: mpc.{statement.split('.')[1].split(' ')[0]} ")
    assert "which no table here can hold; delete mpc." in found
    assert found.endswith("(case-118)")


FIVE = """function mpc = five
mpc.baseMVA = 100;
mpc.bus = [
1 3 0 0 0 0 1 1 0 230 1 1.06 0.94;
2 1 60 20 0 0 1 1 0 230 1 1.06 0.94;
];
mpc.gen = [
1 0 0 100 -60 1 100 1 200 10 0 0 0 0 0 0 7 7 7 7 1;
1 0 0 40 -20 1 100 1 60 5 CURVE 0 0 0 0 0;
];
mpc.branch = [
1 2 0.01 0.06 0.03 70 0 0 0 0 1 -30 30;
];
"""


@pytest.mark.parametrize("curve", ["0 0 0 0 0 0", "5 5 0 0 0 0", "0 60 -20 40 -20 40", "5 60 -25 60 -20 40", "0 120 -40 80 -30 60"])
def test_a_capability_curve_that_cuts_nothing_off_is_no_fault(curve: str) -> None:
    assert read_matpower(FIVE.replace("CURVE", curve)).generators.q_high_mvar.tolist() == [100.0, 40.0]


@pytest.mark.parametrize(
    ("curve", "sides"), [("5 60 -20 40 -5 10", ["MAX", "MIN"]), ("5 60 -20 40 -20 39", ["MAX"]), ("5 50 -20 50 -20 41", ["MAX"])]
)
def test_a_capability_curve_inside_the_box_is_refused_by_name(curve: str, sides: list[str]) -> None:
    assert faults(FIVE.replace("CURVE", curve)) == [
        f"text: mpc.gen[row 2].QC1{side} with QC2{side} and PC1, PC2 makes a capability curve inside Q{side}, which no table here can hold; "
        f"give limits as a box: Q{side} for all powers, and 0 in PC1 to QC2MAX (case-118)"
        for side in sides
    ]


def test_an_unknown_bus_does_not_hide_other_faults() -> None:
    text = FIVE.replace("CURVE", "0 0 0 0 0 0").replace("1 2 0.01 0.06 0.03 70", "1 9 -0.01 0.06 0.03 -70").replace("1.06 0.94;\n]", "0.9 0.94;\n]")
    text = text.replace("200 10", "100 160") + "mpc.A = [1 0];\nmpc.gencost = [3 0 0 1 0; 2 0 0 1 0];\n"
    assert [f.split(";")[0] for f in faults(text)] == [
        "text: mpc.A adds linear rows to the optimum, which no table here can hold",
        "text: mpc.branch[row 1].T_BUS is 9, which is no bus of this file",
        "text: mpc.gencost[row 1].MODEL is 3",
        "text: lines[1-9].rating_mva must be above 0.0 (is -70 MVA)",
        "text: lines[1-9].r_ohm is negative (-5.29 ohm)",
        "text: buses[2].v_low_pu lies above v_high_pu (0.94 > 0.9)",
        "text: generators[1].p_low_mw lies above p_high_mw (160 > 100), at bus '1'",
    ]


def test_a_cell_without_a_number_does_not_hide_other_faults() -> None:
    text = FIVE.replace("CURVE", "0 0 0 0 0 0").replace("2 1 60 20", "2 1 NaN 20").replace("200 10", "100 160")
    assert [f.split(";")[0] for f in faults(text)] == [
        "text: mpc.bus[row 2].PD is not a number",
        "text: generators[1].p_low_mw lies above p_high_mw (160 > 100), at bus '1'",
    ]


def test_files_that_are_none(tmp_path: Path) -> None:
    for content, expected in (
        (b"", "is empty; give a MATPOWER case file (.m) (case-101)"),
        (b"\x7fELF\x00\x01", "is binary, not text; give a MATPOWER case file (.m) (case-101)"),
        (b"% only a comment\n", "holds no statement; give a MATPOWER case file (case-102)"),
        (b"x = 1;\n", "has no line such as 'function mpc = case9'; give a MATPOWER case file (case-102)"),
    ):
        file = tmp_path / "a.m"
        file.write_bytes(content)
        assert faults(file) == [f"a.m: file {expected}"]
    gone = tmp_path / "b.m"
    assert faults(gone) == [f"{gone}: file cannot be read: No such file or directory; give the path of a MATPOWER case file (.m) (case-100)"]


@pytest.mark.parametrize("at", range(len(HEAD) + 1, len(SMALL) - 2, 97))
def test_a_file_cut_off_anywhere_inside_a_table_is_refused(at: int) -> None:
    text = SMALL[:at]
    if text.count("[") > text.count("]") or "mpc.branch" not in text:
        assert faults(text + "\n")


def test_latin_1_comments_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    file = tmp_path / "a.m"
    file.write_bytes(("% Müller, Zürich\n" + SMALL).replace("\n", "\r\n").encode("latin-1"))
    assert same(read_matpower(file), read_matpower(SMALL)) == []


def test_a_refused_statement_is_named_by_its_line() -> None:
    assert faults(with_statement("mpc.bus = mpc.bus';"))[0].startswith(
        f"text: line {LINE} cannot execute `mpc.bus = mpc.bus'`: a transpose is not read"
    )


def round_trip(net: Network, folder: Path) -> Network:
    write_matpower(net, folder / "out.m")
    return read_matpower(folder / "out.m", equivalents=True)


def test_the_small_case_makes_the_round_trip_to_the_last_bit(tmp_path: Path) -> None:
    net = read_matpower(SMALL)
    assert same(net, round_trip(net, tmp_path)) == []
    assert write_matpower(net, tmp_path / "out.m") == ()


REFUSED = {
    "case9Q": "case-118", "case30Q": "case-118", "case_RTS_GMLC": "case-118", "case8387pegase": "case-104",
}  # fmt: skip
LARGEST = 7e5  # bytes; larger ones are more of the same, and take seconds


def names() -> list[str]:
    folder = matpower_folder()
    files = sorted(folder.glob("case*.m")) if folder else []
    return [f.stem for f in files if f.stat().st_size < LARGEST or f.stem in REFUSED] or ["case9"]


@pytest.mark.parametrize("name", names())
def test_every_case_of_matpower_makes_the_round_trip_or_is_refused_by_name(name: str, tmp_path: Path) -> None:
    file = matpower_case(name)
    if name in REFUSED:
        with pytest.raises(InvalidCase) as caught:
            read_matpower(file, equivalents=True)
        assert {f.code for f in caught.value.faults} == {REFUSED[name]}
        return
    net = read_matpower(file, equivalents=True)
    assert same(net, round_trip(net, tmp_path)) == []


@pytest.mark.parametrize(
    ("name", "p_mw", "q_mvar", "base_mva"),
    [("case33bw", 3.715, 2.3, 10), ("case141", 11.944625, 7.402614, 10), ("case533mt_hi", 14.873542, 0.148736, 50 / 3)],
)
def test_conversions_behind_the_tables_are_executed(name: str, p_mw: float, q_mvar: float, base_mva: float) -> None:
    net = read_matpower(matpower_case(name))
    assert net.loads.p_mw.sum() == pytest.approx(p_mw, abs=t.PRINTED_MVA)
    assert net.loads.q_mvar.sum() == pytest.approx(q_mvar, abs=t.PRINTED_MVA)
    assert net.base_mva == pytest.approx(base_mva, rel=t.IDENTITY)


positive = st.floats(min_value=1e-6, max_value=1e6)


@given(positive, positive)
def test_an_impedance_of_a_file_survives_ohm_and_back(r_pu: float, z: float) -> None:
    def forward(r: np.ndarray[tuple[int], np.dtype[np.float64]]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return r * z

    target = forward(np.array([r_pu]))
    assert forward(undone(forward, target / z, target)).tolist() == target.tolist()


def tied(net: Network) -> Network:
    """The small case with a closed tie between two buses, one open, and things out of service."""
    extra = {"name": ["a", "b"], "from_bus": [1, 0], "to_bus": [2, 1], "closed": [True, False]}
    return replace(net, ties=el.Ties.of(extra), loads=replace(net.loads, live=[True, False]))


def test_closed_ties_make_one_bus_and_the_answer_says_so(tmp_path: Path) -> None:
    net = tied(read_matpower(SMALL))
    notes = write_matpower(net, tmp_path / "out.m")
    assert notes == (
        "not written, out of service: loads north [5%]",
        "buses joined by closed ties: north [5%] into the miller's",
        "not written, bridged by closed ties: lines the miller's-north [5%], the miller's-north [5%]#2",
        "not written, open: ties b",
    )  # fmt: skip
    again = read_matpower(tmp_path / "out.m")
    assert len(again.buses) == 3
    v = [Newton.of(Nodal.of(n)).solve().v for n in (net, again)]
    assert np.allclose(v[0], v[1], rtol=0, atol=t.SAME_FLOW)


def test_what_matpower_cannot_hold_is_refused_by_name(tmp_path: Path) -> None:
    net = read_matpower(SMALL)
    bad = replace(
        net, loads=replace(net.loads, p_exponent=[1.3, 0.0]),
        generators=replace(net.generators, control=[2, 1, 0], live=[True] * 3),
    )  # fmt: skip
    with pytest.raises(InvalidCase) as caught:
        write_matpower(bad, tmp_path / "out.m")
    assert [str(f).removeprefix("small: ") for f in caught.value.faults] == [
        "loads[the miller's] depends on voltage; MATPOWER knows constant power only; write another format, or make it constant power (case-150)",
        "generators[north [5%]#2].control holds its power where another unit holds the voltage; MATPOWER shares Q among all of a bus; "
        "make it a negative load (case-151)",
    ]


assert GEN in SMALL  # the pieces are parts of the whole
