"""The bench as a reader sees it: promises kept or not, peers that are not there, answers that disagree, the page and the figures."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linprog

import bench.__main__ as door
from bench import architecture_growth, architectures, market_growth, parametric, ppopt_side
from bench.apart import Absent, Apart, arrays, elsewhere
from bench.growth import slope
from bench.machine import installed, machine, sentence
from bench.measure import Measured, Setting, measure, spinning
from bench.registry import PHASES, Must, Phase
from bench.table import HEAD, WIDTH, fastest, line, markdown, rows
from gridtandem.cases.library import network
from gridtandem.flow.newton import Newton
from gridtandem.grid.nodal import Nodal
from gridtandem.opf.swept import swept
from tests.tolerances import FITTED_SLOPE, SAME_PROGRAM


def says(value: float) -> Callable[[], Callable[[], np.ndarray]]:
    return lambda: lambda: np.array([value])


def missing() -> Callable[[], np.ndarray]:
    raise ModuleNotFoundError("No module named 'peer'", name="peer")


PEERS = {"ours": says(1.0), "PGM newton": says(1.0), "PGM iterative": says(1.0), "lightsim2grid": says(1.0)}
PHASE = Phase("work", "case", PEERS, 0.1, 1, musts=(Must("PGM", 0.5), Must("lightsim2grid", 0.3, ours="PGM newton")))  # type: ignore[arg-type]


def figures(ours: float, newton: float, iterative: float, other: float) -> Measured:
    ms = dict(zip(PEERS, (ours, newton, iterative, other), strict=True))
    return Measured(PHASE, ms, dict.fromkeys(ms, "1.0"), dict.fromkeys(list(ms)[1:], 0.01))


def test_a_promise_is_held_against_the_fastest_peer_of_that_name() -> None:
    found = figures(1.0, 3.0, 1.5, 20.0)
    assert fastest(found, PHASE.musts[0]) == "PGM iterative"
    told = {(r.ours, r.peer): (round(r.ratio(found), 3), r.met(found)) for r in rows(found)}
    assert told == {
        ("ours", "PGM newton"): (0.333, ""), ("ours", "PGM iterative"): (0.667, "NO"), ("ours", "lightsim2grid"): (0.05, ""),
        ("PGM newton", "lightsim2grid"): (0.15, "yes"),
    }  # fmt: skip


def test_a_promise_beside_a_peer_that_is_not_there_is_neither_kept_nor_broken() -> None:
    found = figures(1.0, math.nan, math.nan, 2.0)
    assert [r.met(found) for r in rows(found)] == ["", "", "", ""]
    assert all("nan" not in cell for r in rows(found) for cell in r.cells())


def test_a_promise_without_a_peer_is_in_milliseconds() -> None:
    phase = replace(PHASE, contenders={"ours": says(1.0)}, musts=(), most_ms=100.0)
    for ms, verdict in ((99.0, "yes"), (101.0, "NO")):
        (row,) = rows(Measured(phase, {"ours": ms}, {"ours": "1"}))
        assert (row.cells()[8], row.met(row.found)) == ("100 ms", verdict)


def test_a_peer_that_is_not_installed_is_named_and_ours_is_never_left_out() -> None:
    found = measure(replace(PHASE, contenders={"ours": says(1.0), "PGM newton": missing}, musts=()), Setting())
    assert math.isnan(found.ms["PGM newton"])
    assert found.version["PGM newton"] == "not installed"
    apart = Apart(lambda: Nodal.of(network("case14")), "numba", "flat", 1e-8)
    assert measure(replace(PHASE, contenders={"ours": says(1.0), "pandapower": apart}, musts=()), Setting()).version["pandapower"] == "not installed"
    with pytest.raises(Absent):
        apart.measured(None, 1)

    def broken() -> Callable[[], np.ndarray]:
        raise ModuleNotFoundError("No module named 'gridtandem.flaw'", name="gridtandem.flaw")

    with pytest.raises(ModuleNotFoundError):
        measure(replace(PHASE, contenders={"ours": broken}, musts=()), Setting())


@pytest.mark.parametrize(("value", "code"), [(1.05, 0), (1.2, 1), (math.nan, 1)])
def test_contenders_that_disagree_fail_the_run(value: float, code: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    phase = replace(PHASE, contenders={"ours": says(1.0), "lightsim2grid": says(value)}, musts=(Must("lightsim2grid", 1e-9),))
    monkeypatch.setattr(door, "PHASES", (phase,))
    files = {name: tmp_path / name for name in ("figures.json", "page.md")}
    assert door.main(["work", "--json", str(files["figures.json"]), "--markdown", str(files["page.md"])]) == code
    told = json.loads(files["figures.json"].read_text())
    assert told["phases"][0]["musts"][0]["met"] == "NO"
    assert set(told["phases"][0]["cpu_ms"]) == {"ours", "lightsim2grid"}
    assert "| work | case | ours |" in files["page.md"].read_text()


def test_everything_twice_where_others_are_busy(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    monkeypatch.setattr(door, "PHASES", (replace(PHASE, contenders={"ours": says(1.0), "lightsim2grid": says(1.0)}, musts=()),))
    assert door.main(["--busy", "--markdown", str(tmp_path / "page.md")]) == 0
    head, row = (
        text.removeprefix("| ").removesuffix(" |").split(" | ")
        for text in (tmp_path / "page.md").read_text().splitlines()
        if text.startswith(("| phase", "| work"))
    )
    assert len(head) == len(row) == len(WIDTH)
    assert float(row[head.index("ms, busy")]) >= 0
    assert "all processors but one were kept busy" in (tmp_path / "page.md").read_text()
    assert "ratio, busy" in capsys.readouterr().out


def test_company_leaves_when_the_work_is_done() -> None:
    with spinning() as others:
        assert others
        assert all(other.poll() is None for other in others)
    assert all(other.poll() is not None for other in others)


def test_every_phase_can_be_asked_for_and_promises_name_contenders() -> None:
    for phase in PHASES:
        assert phase.repeat >= 1
        for must in phase.musts:
            assert any(name.startswith(must.peer) for name in phase.contenders)
            assert not must.ours or must.ours in phase.contenders
    with pytest.raises(SystemExit):
        door.main(["no such phase"])


def test_a_line_stands_under_its_head() -> None:
    (row, *_) = rows(figures(1.0, 3.0, 1.5, 20.0))
    head, told = line(HEAD, HEAD), line(row.cells())
    assert told.index("PGM newton") == head.index("peer")
    assert told.index("0.333") + 5 == head.index("ratio") + 5


def test_the_machine_is_named() -> None:
    facts = machine()
    assert installed("PGM newton") == facts["packages"]["power-grid-model"]  # type: ignore[index]
    assert installed("newton") == facts["packages"]["gridtandem"]  # type: ignore[index]
    assert str(facts["processor"]) in sentence(facts)
    assert "](../pictures/growth.svg)" in markdown([], facts, picture="../pictures/growth.svg")


def test_arrays_for_a_peer_are_the_network() -> None:
    """Admittances and powers of a MATPOWER case, from the nodal model of case118 and its solution."""
    nodal = Nodal.of(network("case118"))
    given, found = arrays(nodal), Newton.of(nodal).solve()
    bus, branch = given["bus"], given["branch"]
    size = np.where(branch[:, 8] == 0, 1.0, branch[:, 8]) * np.exp(1j * np.radians(branch[:, 9]))
    start, end, y = branch[:, 0].astype(int), branch[:, 1].astype(int), 1 / (branch[:, 2] + 1j * branch[:, 3])
    current = np.zeros(len(bus), complex)
    through, half = y * (found.v[start] / size - found.v[end]), 0.5j * branch[:, 4]
    np.add.at(current, start, (through + half * found.v[start] / size) / size.conj())
    np.add.at(current, end, half * found.v[end] - through)
    into = found.v * current.conj() + np.abs(found.v) ** 2 * (bus[:, 4] - 1j * bus[:, 5]) / 100 + (bus[:, 2] + 1j * bus[:, 3]) / 100
    free = bus[:, 1] == 1
    assert np.abs(into[free]).max() <= 1e3 * Newton.of(nodal).tol(nodal.branches.ratio)
    held = given["gen"][:, 0].astype(int)
    assert np.abs(np.abs(found.v[held]) - given["gen"][:, 5]).max() == pytest.approx(0.0, abs=FITTED_SLOPE)


def test_slopes_of_powers_are_their_exponents() -> None:
    nodes = np.array([1e4, 1e5, 1e6])
    assert slope(3.0 * nodes**1.25, nodes) == pytest.approx(1.25, abs=FITTED_SLOPE)


def test_a_side_that_is_stopped_is_not_tried_with_more_feeders(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def measured(side: str, feeders: int, limit: int) -> market_growth.Point | None:
        tried.append((side, feeders))
        point = {"seated_s": 0.1 * feeders, "cpu_s": float(feeders), "wall_s": float(feeders), "mb": 1.0 * feeders, "cost": 1.0}
        return None if side == market_growth.THEIRS and feeders > limit else point

    tried: list[tuple[str, int]] = []
    monkeypatch.setattr(market_growth, "measured", measured)
    found = market_growth.grown((10, 100, 1000), 50)
    assert tried == [*((market_growth.OURS, n) for n in (10, 100, 1000)), (market_growth.THEIRS, 10), (market_growth.THEIRS, 100)]
    assert "stopped after 50 s" in capsys.readouterr().out
    assert market_growth.slopes(found) == ["offers and clearing: seating ∝ feeders^1.00, solving ∝ feeders^1.00, memory ∝ feeders^1.00"]
    page = market_growth.page(found, 50, machine())
    assert "| 1000 | one program |  | more than 50 |" in page
    assert "| 1000 | offers and clearing | 100 | 1000 |" in page


def test_a_peer_elsewhere_says_why_it_has_no_answer(tmp_path: Path) -> None:
    side = tmp_path / "side.py"
    side.write_text("import sys; print('has gaps'); sys.exit(8)", encoding="utf-8")
    with pytest.raises(Absent, match="has gaps"):
        elsewhere(Path(sys.executable), side, {}, {})
    with pytest.raises(Absent, match="not installed"):  # no ppopt here
        parametric.Regions(lambda: parametric.problem(partial(parametric.golden, 0), "active"), "geometric").measured(Path(sys.executable), 1)


def test_what_is_handed_to_the_peer_is_the_feeder_s_own_program() -> None:
    """Least cost at an export by rows alone, against the walk."""
    r = parametric.problem(partial(parametric.golden, 0), "active")
    left, right = ppopt_side.rows(parametric.given(r))
    found = swept(r)
    for k in range(int(found.count[0])):
        right[0] = found.export[0, k] - r.there[0]
        best = linprog(r.cost[0], A_ub=left[1:], b_ub=right[1:, 0], A_eq=left[:1], b_eq=right[0], bounds=(None, None))
        assert best.fun + r.constant == pytest.approx(found.cost[0, k], abs=SAME_PROGRAM)


def test_architectures_grow_with_ders_family_by_family(capsys: pytest.CaptureFixture[str]) -> None:
    assert architecture_growth.main(["--smoke"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in told if "∝" in line] == list(architectures.FAMILIES)
    points = {"TotalTSO": [(10, 20.0, 5.0, 1.0), (1000, 2000.0, 500.0, 10.0)]}
    page = architecture_growth.page(points, machine())
    assert "* TotalTSO (R1): fan-in ∝ DERs^1.00, largest problem ∝ DERs^1.00, time ∝ DERs^0.50" in page
    assert "| TotalTSO | R1 | 1,000 | 2,000 | 500 | 10 |" in page
