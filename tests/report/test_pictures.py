"""Pictures show what the tables say, and are the same bytes twice."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection

import gridtandem as gt
from gridtandem.report import style
from gridtandem.report.experiment import exponents
from gridtandem.report.flow import network, selection, voltages
from gridtandem.report.kinds.flow import DOOR
from gridtandem.report.run import Comparison, Run
from gridtandem.study.exponents import exponent_sweep
from tests.tolerances import ON_SCREEN


@cache
def found(name: str = "T14D2", scheme: str = "response", loading: float = 1.0) -> Run:
    return gt.run(name, scheme=scheme, loading=loading)


@cache
def compared(name: str = "T14D2", loading: float = 1.0) -> Comparison:
    return gt.compare(name, loading=loading)


def words(axes: Axes) -> str:
    """Everything written on axes."""
    return "\n".join(t.get_text() for t in (*axes.texts, axes.title, axes.xaxis.label, axes.yaxis.label))


@pytest.mark.parametrize("kind", DOOR.words.run_pictures)
def test_pictures_of_a_run_are_the_same_bytes_twice(kind: str) -> None:
    run = found()
    text = style.svg(run.plot(kind))
    assert text == style.svg(run.plot(kind))
    assert "<dc:date>" not in text


@pytest.mark.parametrize("kind", DOOR.words.comparison_pictures)
def test_pictures_of_a_comparison_are_the_same_bytes_twice(kind: str) -> None:
    assert style.svg(compared().plot(kind)) == style.svg(compared().plot(kind))


def test_another_process_draws_the_same_bytes(tmp_path: Path) -> None:
    line = "import gridtandem as gt, sys; from gridtandem.report.style import save; save(gt.run('T14D2').plot('network'), sys.argv[1])"
    subprocess.run([sys.executable, "-c", line, str(tmp_path / "a.svg")], check=True, timeout=120)
    assert (tmp_path / "a.svg").read_bytes() == style.save(found().plot("network"), tmp_path / "b.svg").read_bytes()


@pytest.mark.parametrize("suffix", [".svg", ".png", ".pdf"])
def test_the_suffix_says_how_to_write(tmp_path: Path, suffix: str) -> None:
    first, second = (style.save(found().plot("convergence"), tmp_path / f"{k}{suffix}").read_bytes() for k in "ab")
    assert first == second
    assert first.startswith({".svg": b"<?xml", ".png": b"\x89PNG", ".pdf": b"%PDF"}[suffix])


def test_an_unknown_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(gt.UnknownName, match="picture format"):
        style.save(found().plot("convergence"), tmp_path / "a.gif")


def test_drawing_leaves_no_trace() -> None:
    before = dict(mpl.rcParams)
    found().plot("overview")
    assert dict(mpl.rcParams) == before
    line = "import gridtandem as gt, sys; gt.run('T14D2').plot(); sys.exit('matplotlib.pyplot' in sys.modules)"
    subprocess.run([sys.executable, "-c", line], check=True, timeout=120)


@pytest.mark.parametrize("kind", DOOR.words.run_pictures)
@pytest.mark.parametrize("run", [found(loading=5.0), found("ieee14", "merged"), found("14B", "independent")], ids=["no answer", "no feeder", "alone"])
def test_every_picture_can_be_drawn_of_every_run(run: Run, kind: str) -> None:
    assert style.svg(run.plot(kind)).endswith("</svg>\n")


@pytest.mark.parametrize("kind", DOOR.words.comparison_pictures)
def test_every_picture_can_be_drawn_without_any_answer(kind: str) -> None:
    assert style.svg(compared(loading=5.0).plot(kind)).endswith("</svg>\n")


def test_the_network_shows_every_bus_and_branch_and_names_what_crosses() -> None:
    run = found()
    axes = run.plot("network").axes[0]
    nodes = [c for c in axes.collections if isinstance(c, PathCollection)]
    assert sum(len(c.get_offsets()) for c in nodes) == len(run.buses)
    assert sorted(np.concatenate([np.asarray(c.get_array()) for c in nodes])) == sorted(run.buses.v_pu)
    lines = [c for c in axes.collections if isinstance(c, LineCollection)]
    assert sum(len(c.get_segments()) for c in lines) == len(run.branches)
    text = words(axes)
    for name, p in zip(run.interfaces.name, run.interfaces.p_mw, strict=True):
        assert f"{name} · 2 feeders\n{p:,.2f} MW" in text


def test_labels_of_the_network_do_not_cover_each_other() -> None:
    figure = found("30B").plot("network")
    figure.draw_without_rendering()
    boxes = [t.get_window_extent() for t in figure.axes[0].texts if "\n" in t.get_text()]
    assert len(boxes) == 4
    assert not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[:k])
    page = figure.bbox
    assert all(page.contains(b.x0, b.y0) and page.contains(b.x1, b.y1) for b in boxes)


def test_many_interfaces_become_one_mark_per_bus() -> None:
    big = gt.joined(gt.case("ieee30").transmission, gt.case("case33bw").transmission, how_many=40)
    run = gt.run(big)
    axes = network.network(run).axes[0]
    marks = [c for c in axes.collections if isinstance(c, PathCollection)]
    assert len(marks[-1].get_offsets()) == len(set(big.interfaces.bus.tolist()))
    assert "40 interfaces" in words(axes)


def test_overloaded_branches_are_dashed() -> None:
    run = found("T14D2", "response", 1.0)
    part = selection.part(run, "F10")
    low = type(part.branches)(**{c: getattr(part.branches, c) for c in part.branches.columns()} | {"rating_mva": part.flow * 0.5})  # fmt: skip
    figure = style.new_figure()
    axes = figure.add_subplot()
    spoilt = type(part)(name=part.name, buses=part.buses, branches=low, start=part.start, end=part.end)
    network._edges(axes, spoilt, np.zeros((len(part.buses), 2)), style.DSO)
    assert [c.get_linestyle()[0][1] is not None for c in axes.collections] == [True]


def test_voltages_are_those_of_the_table_over_distance_from_the_root() -> None:
    run = found()
    axes = run.plot("voltages").axes[0]
    part = selection.part(run, "F10")
    z = voltages.distance(run, part)
    marks = [line for line in axes.lines if line.get_marker() == "^"]
    assert np.abs(marks[0].get_xdata() - z).max() <= ON_SCREEN
    assert np.abs(marks[0].get_ydata() - part.buses.v_pu).max() <= ON_SCREEN
    assert z[part.row(selection.root_names(run, "F10")[0])] == 0
    first = np.hypot(0.0922, 0.0470)  # ohm; the first line of the 33-bus feeder
    assert z[part.row("2")] == pytest.approx(first, rel=ON_SCREEN)


def test_schemes_that_coincide_are_one_line() -> None:
    assert [name for name, _ in selection.alike(compared().runs)] == ["independent", "load-flow = response = merged"]
    text = words(compared().plot("voltages").axes[0])
    assert "independent" in text
    assert "load-flow = response = merged" in text


def test_convergence_shows_every_gap_and_the_promised_line() -> None:
    axes = compared().plot("convergence").axes[0]
    assert axes.get_yscale() == "log"
    runs = {r.scheme: r for r in compared().runs}
    drawn = [np.asarray(line.get_ydata()) for line in axes.lines]
    for name in ("load-flow", "response"):
        assert any(len(y) == runs[name].outcome.rounds and np.allclose(y, runs[name].rounds.gap) for y in drawn)
    diagnosis = compared().diagnosis
    assert diagnosis is not None
    assert f"ρ = {diagnosis.contraction:.2g} predicted" in words(axes)


def test_exchange_draws_each_side_against_the_check() -> None:
    run = found(scheme="independent")
    figure = run.plot("exchange")
    for axes, which in zip(figure.axes, ("p", "q"), strict=True):
        unit = "mw" if which == "p" else "mvar"
        for mark, column in (("s", f"{which}_{unit}"), ("o", f"{which}_feeder_{unit}")):
            x = [float(np.asarray(line.get_xdata())[0]) for line in axes.lines if line.get_marker() == mark]
            wanted = getattr(run.interfaces, column) - getattr(run.interfaces, f"{which}_checked_{unit}")
            assert np.abs(np.array(x) - wanted).max() <= ON_SCREEN


def test_same_shows_the_difference_of_every_bus() -> None:
    upper, lower = compared("30B").plot("same").axes
    run = selection.shown_one(compared("30B").runs)
    assert run is not None
    assert run.scheme == "response"
    v = np.concatenate([np.asarray(line.get_ydata()) for line in upper.lines if line.get_marker() in ("s", "^")])
    assert np.sort(v) == pytest.approx(np.sort(run.buses.v_pu), abs=ON_SCREEN)
    shown = np.concatenate([np.asarray(line.get_ydata()) for line in lower.lines if line.get_marker() in ("s", "^")])
    assert len(shown) == len(run.buses)
    assert shown.max() <= ON_SCREEN


def test_the_crossing_is_marked_where_the_lines_meet() -> None:
    table = exponent_sweep(gt.case("T14D2"), [(n, n) for n in (0.0, 0.5, 1.0, 1.5, 2.0)])
    figure = exponents.by_exponent(table, "I10")
    assert "cross at n = 1.03" in words(figure.axes[0])
    assert "cross at n = 0.99" in words(figure.axes[1])
    rows = table.take(table.interface == "I10")
    assert np.asarray(figure.axes[0].lines[0].get_ydata()).tolist() == rows.p_mw.tolist()


def test_one_exponent_varied_alone() -> None:
    table = exponent_sweep(gt.case("T14D2"), [(0.5, n) for n in (2.0, 0.0)])
    axes = exponents.by_exponent(table, "I12", varied="q", held="active exponent 0.5").axes[1]
    assert np.asarray(axes.lines[0].get_xdata()).tolist() == [0.0, 2.0]
    assert "active exponent 0.5" in words(axes)
    assert "n_q" in axes.get_xlabel()


def test_every_axis_has_a_unit() -> None:
    for kind in DOOR.words.comparison_pictures:
        for axes in compared().plot(kind).axes:
            labels = [axes.get_xlabel(), axes.get_ylabel()] if axes.axison and axes.get_title(loc="left") else []
            assert all("[" in x or x in ("", "round") or x.startswith("bus") for x in labels)


def test_voltage_colours_are_centred_and_their_ends_fixed() -> None:
    _, norm = style.voltage_colours()
    assert norm(1.0) == pytest.approx(0.5, abs=ON_SCREEN)
    assert (norm.vmin, norm.vmax) == (1 - style.VOLTAGE_BAND, 1 + style.VOLTAGE_BAND)


def test_long_names_are_cut() -> None:
    assert style.short("north-distribution-company") == "north-distribut…"
    assert style.short("dso-10") == "dso-10"
