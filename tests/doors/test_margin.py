"""``tandem margin``: what it says of how much load a network can take, to people and to machines."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

import gridtandem as gt
from gridtandem.errors import InvalidCase, UnknownName, Unreadable
from gridtandem.report.margin.run import margin_in_words
from gridtandem.report.style import SERIES
from gridtandem.study.margin.tables import KINDS
from tests.doors.console import ROOT, commands, missing
from tests.doors.terminal import run_file, tandem
from tests.flow import case9
from tests.tolerances import AT_NOSE_PU, CURVE_BETWEEN_MW, CURVE_BETWEEN_PU, HERMITE, INK, NOSE, NOSE_FOUND, SAME_CHECK

PAGE = ROOT / "docs/how-to/find-a-voltage-margin.md"

NEARLY = 0.9  # of λ*


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_it_tells_the_margin_what_ends_it_and_what_was_met() -> None:
    said = tandem("margin", "case14", "--plot", "v.svg", "--buses", "14")
    assert said.code == 0
    assert said.out.startswith("ieee14: loads P0 (1 + λ), generation grows, no limit holds\n")
    assert "λ* = 3.06025, ended by a nose" in said.out
    assert "first met: 14 leaves its band of voltage at λ = 1.44259" in said.out
    assert said.err.splitlines() == ["picture   v.svg"]
    assert "growth λ" in Path("v.svg").read_text(encoding="utf-8")
    assert tandem("margin", "case14", "--plot", "p.svg", "--over", "power").code == 0
    assert "active power of all loads [MW]" in Path("p.svg").read_text(encoding="utf-8")
    assert tandem("margin", "case14", "--plot", "b.svg", "--over", "tool").code == 0
    assert "3.0603" in Path("b.svg").read_text(encoding="utf-8")


def test_the_page_does_what_it_says() -> None:
    for command in commands(PAGE.read_text(encoding="utf-8")):
        said = tandem(*command.words.split()[1:])
        assert said.code == 0
        assert missing(command.shown, said.out) == [], command.words
    for name in ("margin.png", "margin-tools.png", "margin-power.png"):
        shown, now = imread(ROOT / "docs/pictures" / name), imread(name)
        assert shown.shape == now.shape
        assert np.mean(np.abs(shown - now)) <= INK


def test_margins_are_kept_and_looked_at_like_other_runs() -> None:
    said = tandem("margin", "T14D2", "--keep", "q", "--exponents", "0.5,0.5")
    assert said.code == 0
    path = run_file(said)
    run = gt.margin(gt.with_exponents(gt.case("T14D2"), 0.5, 0.5), keep=("q",))
    again = gt.MarginRun.opened(path)
    assert said.out.rstrip("\n") == margin_in_words(again, rows=40)
    assert repr(again) == repr(replace(run, path=path))
    for name in ("tools", "events", "nodes", "curves"):
        assert getattr(again, name).digest() == getattr(run, name).digest()
    assert again.growth == run.growth
    assert again.found
    listed = tandem("runs").out.splitlines()[1].split()
    assert listed == [path.stem, "T14D2", "ccpf,tcpf,tcpf-lm", "AGREED", str(run.tools.places.sum())]
    assert tandem("show", "T14D2-margin").out.startswith(repr(again))
    assert json.loads(tandem("show", "T14D2-margin", "--table", "tools", "--json").out)["rows"][0]["growth"] == run.tools.growth[0]
    assert tandem("resume", "T14D2-margin").out.rstrip("\n") == repr(again)
    assert tandem("plot", "T14D2-margin").code == tandem("plot", "T14D2-margin", "--kind", "tool", "--out", "b.png").code == 0
    assert tandem("export", "T14D2-margin", "--out", "tables").code == 0
    assert sorted(p.name for p in Path("tables").iterdir()) == ["curves.csv", "events.csv", "nodes.csv", "summary.json", "tools.csv"]
    with pytest.raises(UnknownName, match="bus in this file"):
        replace(again, buses=("4",)).curves  # noqa: B018
    with pytest.raises(InvalidCase, match=r"MarginRun\.opened"):
        gt.opened(path)
    assert tandem("margin", "T14D2", "--keep", "q", "--exponents", "0.5,0.5").code == 0  # the same question takes the same place


def test_margins_that_are_none_are_kept_as_such() -> None:
    what = gt.case("T14D2")
    heavy = replace(what, interfaces=replace(what.interfaces, scale=np.array([9.0, 1.0])))
    run = gt.margin(heavy, tools=("ccpf", "merged"), save="none.tandem")
    again = gt.MarginRun.opened("none.tandem")
    assert not again.found
    assert repr(again) == repr(run)
    assert again.trouble == run.trouble
    assert tandem("runs", "--in", ".").out.splitlines()[1].split()[-2:] == ["REFUSED", "0"]
    assert tandem("resume", "none.tandem").code == 4


def test_where_loads_draw_most_is_told_of_coordinated_curves_too() -> None:
    run = gt.margin(gt.with_exponents(gt.case("T14D2"), 0.9, 1.3), tools=("ccpf", "merged"))
    peaks = run.events.take(run.events.met == KINDS.index("peak"))
    assert peaks.tool.tolist() == ["ccpf", "merged"]
    assert np.ptp(peaks.load_mw) <= HERMITE * peaks.load_mw[0]
    assert (peaks.growth < run.tools.growth).all()
    assert not any(peaks.past.tolist())


def test_machines_read_the_same_numbers() -> None:
    told = json.loads(tandem("margin", "case14", "--keep", "q", "--json").out)
    assert told["schema"] == "tandem/margin/1"
    assert told["asked"]["keep"] == ["q"]
    run = gt.margin("case14", keep=("q",))
    assert told["tables"]["tools"][0]["growth"] == run.tools.growth[0]
    assert len(told["tables"]["events"]) == len(run.events)


def test_tables_hang_together() -> None:
    run = gt.margin("case14", keep=("q",), buses=("4", "14"))
    tools, events, nodes, curves = run.tools, run.events, run.nodes, run.curves
    assert abs(curves.growth.max() - tools.growth[0]) <= NOSE
    assert set(curves.bus.tolist()) == {"4", "14"}
    assert nodes.bus[0] == tools.weakest[0]
    assert nodes.sway[0] == pytest.approx(1.0)
    assert np.nansum(nodes.participation) == pytest.approx(1.0)
    assert (np.diff(events.growth[~events.past]) >= 0).all()
    assert tools.margin_mw[0] == pytest.approx(tools.most_mw[0] - tools.load_mw[0])
    assert tools.load_mw[0] == pytest.approx(259.0)


def test_three_tools_of_a_case_with_feeders() -> None:
    said = tandem("margin", "T14D2", "--plot", "v.svg", "--over", "bus")
    assert said.code == 0
    row = next(line.split() for line in said.out.splitlines() if line.startswith("ccpf "))
    assert row[-4:] == ["F10/18", "0.4112", "F10/18", "0.4112"]
    assert "ccpf: λ* = 1.99183, ended by a nose" in said.out
    assert "first met: F10/18 leaves its band of voltage at λ = 0.483" in said.out
    assert "tcpf: λ* = 3.05683, ended by a nose" in said.out
    picture = Path("v.svg").read_text(encoding="utf-8")
    assert "active power drawn at the bus [MW]" in picture
    assert all(colour in picture for colour in SERIES[:3])


def test_tables_of_several_tools_hang_together() -> None:
    run = gt.margin("T14D2", tools=("ccpf", "merged", "ccpf-nose"))
    one, other, nose = run.tools.growth
    assert abs(one - other) <= NOSE_FOUND
    assert abs(nose - other) <= NOSE_FOUND
    nodes = {(tool, bus): v for tool, bus, v in zip(run.nodes.tool.tolist(), run.nodes.bus.tolist(), run.nodes.v_pu.tolist(), strict=True)}
    assert len(nodes) == 3 * (14 + 2 * 32)
    assert all(abs(v - nodes["merged", bus]) <= AT_NOSE_PU for (_, bus), v in nodes.items())
    curves = run.curves
    base = curves.take((curves.place == 0) & (curves.bus == "10"))
    assert np.ptp(base.p_mw) <= SAME_CHECK
    assert run.tools.exchanges[0] > run.tools.exchanges[2] > run.tools.exchanges[1] == 0


def test_a_case_without_feeders_has_one_tool() -> None:
    assert tandem("margin", "case14", "--tools", "ccpf").code == 2
    assert "tool" in tandem("margin", "T14D2", "--tools", "cpf").err


def test_one_table_alone() -> None:
    lines = tandem("margin", "case14", "--table", "nodes", "--rows", "3").out.splitlines()
    assert lines[0].split()[:2] == ["tool", "bus"]
    assert lines[-1] == "… 11 more rows"


def test_no_load_flow_no_margin() -> None:
    what = gt.case("T14D2")
    heavy = replace(what, interfaces=replace(what.interfaces, scale=np.array([9.0, 1.0])))
    run = gt.margin(heavy, tools=("ccpf", "merged"))
    assert not run.found
    assert "ccpf: no margin: no load flow to start from" in repr(run)
    assert "merged: nothing to start from: no load flow found" in run.trouble[1]
    assert not len(run.curves)
    assert run.plot("bus").axes
    with pytest.raises(InvalidCase, match="margin-011"):
        gt.margin(heavy, tools=("tcpf",))


def test_matpowers_own_test_of_continuation_can_be_repeated() -> None:
    Path("t_case9_pfv2.m").write_text(case9.TEXT, encoding="utf-8")
    (words,) = re.findall(r"`tandem (margin t_case9[^`]*)` finds λ\* = 0\.795811", PAGE.read_text(encoding="utf-8"))
    assert "λ* = 0.795811, ended by a nose" in tandem(*words.split()).out


def test_exponents_hold_for_a_network_without_feeders() -> None:
    """What loads draw before anything grows is that at their voltages, and loads that give way grow further."""
    run = gt.margin(gt.with_exponents(gt.case("case14"), 1.0, 1.0))
    net = gt.case("case14").transmission
    v = gt.run(gt.with_exponents(gt.case("case14"), 1.0, 1.0)).buses.v_pu[net.loads.bus]
    np.testing.assert_allclose(run.tools.load_mw[0], (net.loads.p_mw * v).sum(), rtol=SAME_CHECK)
    said = tandem("margin", "case14", "--exponents", "1,1")
    assert f"{run.tools.most_mw[0]:,.3f}" in said.out
    assert run.tools.growth[0] > 1.2 * gt.margin("case14").tools.growth[0]


def test_curves_are_those_of_any_bus_inside_feeders_too() -> None:
    """The weakest bus is the one that people want to see; all networks as one have the same curve, here between other places."""
    buses = ("F10/18", "3", "10")
    run = gt.margin("T14D2", buses=buses, tools=("ccpf", "ccpf-nose", "tcpf", "merged"), until="nose")
    curves = run.curves
    for bus in buses:
        own, whole = (curves.take((curves.tool == tool) & (curves.bus == bus)) for tool in ("ccpf", "merged"))
        assert len(own) == run.tools.places[0]
        few = curves.take((curves.tool == "ccpf-nose") & (curves.bus == bus))
        for column, near in (("v_pu", CURVE_BETWEEN_PU), ("p_mw", CURVE_BETWEEN_MW)):
            one, other = getattr(own, column), getattr(whole, column)
            away = own.growth < NEARLY * run.tools.growth[0]  # behind that curves turn
            np.testing.assert_allclose(one[away], np.interp(own.growth[away], whole.growth, other), rtol=0, atol=near)
            np.testing.assert_allclose(getattr(few, column)[[0, -1]], one[[0, -1]], rtol=0, atol=AT_NOSE_PU)
    assert run.tools.weakest[0] == "F10/18"
    assert curves.v_pu[curves.bus == "F10/18"].min() <= run.tools.weakest_v_pu[0]
    assert not ((curves.tool == "tcpf") & (curves.bus == "F10/18")).any()
    said = tandem("margin", "T14D2", "--buses", "10,F10/18", "--plot", "inside.svg")
    assert any(text.get_text() == "ccpf: F10/18" for text in run.plot().axes[0].texts)
    assert set(gt.MarginRun.opened(run_file(said)).curves.bus.tolist()) == {"10", "F10/18"}


def without_loads(network: gt.Network) -> gt.Network:
    none = np.zeros(len(network.loads))
    return replace(network, loads=replace(network.loads, p_mw=none, q_mvar=none))


def test_where_no_load_is_left_to_grow_that_is_told() -> None:
    case = gt.case("T14D2")
    own = replace(case, transmission=without_loads(case.transmission))
    both = replace(own, models=tuple(without_loads(m) for m in case.models))
    for tool in ("ccpf", "ccpf-nose", "merged", "tcpf"):
        with pytest.raises(InvalidCase, match="margin-001"):
            gt.margin(both, generation="stays", tools=(tool,))
    assert gt.margin(own, generation="stays", tools=("ccpf-nose",)).found


def test_bad_questions_are_told() -> None:
    said = tandem("margin", "case14", "--growth", "0", "--keep", "x", "--target", "-1")
    assert said.code == 3
    for code in ("margin-001", "margin-005", "margin-006", "margin-007"):
        assert code in said.err
    negative = tandem("margin", "T14D2", "--exponents", "-0.5,0")
    assert negative.code == 3
    assert negative.err.count("margin-003") == 1  # both interfaces have the same feeder
    for few in ("1", "1,2,3"):
        said = tandem("margin", "T14D2", "--exponents", few)
        assert (said.code, "give two exponents" in said.err) == (2, True)
    for growth, why in (("-1", "loads would shrink"), ("nan", "no finite number"), ("0", "nothing grows")):
        assert why in tandem("margin", "case14", f"--growth={growth}").err
    with pytest.raises(InvalidCase, match="margin-004"):
        gt.margin("case14", until="noon")  # type: ignore[arg-type]
    with pytest.raises(UnknownName, match="no bus named '99'"):
        gt.margin("case14", buses=("99",))
    with pytest.raises(Unreadable, match="F10/18 is a bus of a feeder, which tcpf do not know"):
        gt.margin("T14D2", buses=("F10/18",), tools=("tcpf",))
    with pytest.raises(UnknownName, match="picture"):
        gt.margin("case14").plot("pie")
