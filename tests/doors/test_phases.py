"""``tandem phases``: what it says of an OpenDSS feeder, to people and to machines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import gridtandem as gt
from gridtandem.errors import InvalidCase
from tests.doors.terminal import tandem
from tests.grid.phase_networks import village
from tests.tolerances import PHASE_BOOKS

pytest.importorskip("opendssdirect")
pytestmark = pytest.mark.peer
DATA = Path(__file__).parents[1] / "data/ieee_feeders"
FILE = str(DATA / "13/IEEE13Nodeckt.dss")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_it_tells_powers_taps_unbalance_and_voltages() -> None:
    said = tandem("phases", str(DATA / "123/IEEE123Master.dss"), "--taps", "move", "--rows", "5", "--plot", "v.svg")
    assert said.code == 0
    assert said.out.startswith("ieee123, phase by phase: root 1 pu, loading 1; ")
    assert "taps stepped 5 times; losses 95.98 kW" in said.out
    assert next(line for line in said.out.splitlines() if line.split()[:1] == ["creg4a"]).split()[3] == "10"
    for word in ("totals", "regulators", "unbalance", "nodes"):
        assert f"\n{word}\n" in said.out
    assert Path("v.svg").read_text(encoding="utf-8").count("phase b -->") == 1
    assert said.err.strip() == "picture   v.svg"


def test_one_table() -> None:
    lines = tandem("phases", FILE, "--table", "regulators").out.splitlines()
    assert lines[0].split()[:2] == ["name", "transformer"]
    assert [line.split()[3] for line in lines[1:]] == ["9", "6", "9"]


def test_as_json_and_from_python_it_is_the_same() -> None:
    said, found = tandem("phases", FILE, "--root-pu", "1.02", "--loading", "0.5", "--json").document, gt.three_phase(FILE, root_pu=1.02, loading=0.5)
    assert (said["schema"], said["converged"], said["root_pu"], said["loading"]) == ("tandem/phases/1", True, 1.02, 0.5)
    assert said["loss_mw"] == found.loss_mw
    assert [row["v_pu"] for row in said["tables"]["nodes"]] == found.nodes.v_pu.tolist()
    assert gt.three_phase(FILE, loading=0.5).loss_mw != found.loss_mw


def test_no_answer_has_no_numbers_and_an_exit_code_of_its_own() -> None:
    said = tandem("phases", FILE, "--loading", "30", "--plot", "none.svg")
    assert said.code == 4
    assert "no load flow found: voltages ran away in 1 sweep; there may be none, or one that sweeps do not find; " in said.out
    document = tandem("phases", FILE, "--loading", "30", "--json").document
    assert (document["converged"], document["loss_mw"], document["tables"]["nodes"]) == (False, None, [])


def test_a_table_without_rows_says_why_beside_it() -> None:
    said = tandem("phases", FILE, "--loading", "30", "--table", "totals")
    assert (said.code, len(said.out.splitlines())) == (4, 1)
    assert said.err.startswith("no load flow found: ")


def test_a_root_far_below_its_nominal_voltage_is_noted() -> None:
    said = tandem("phases", FILE, "--root-pu", "0.45", "--loading", "0")
    assert "note: the root stands at 0.45 pu, less than half of its nominal voltage" in said.out
    assert not any("stands at" in note for note in gt.three_phase(FILE, root_pu=0.95).notes)


def test_few_sweeps_are_not_called_running_away() -> None:
    assert "voltages did not come to rest in 4,000 sweeps" in tandem("phases", FILE, "--loading", "5.5").out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--root-pu", "0"], "root_pu is 0; give a finite number above 0 (study-020)"),
        (["--loading", "nan"], "loading is nan; give a finite number"),
        (["--loading", "-1"], "loading is -1; give a finite number of 0 or more"),
    ],
)
def test_numbers_that_mean_nothing(words: list[str], message: str) -> None:
    said = tandem("phases", FILE, *words)
    assert (said.code, said.out) == (3, "")
    assert message in said.err


def test_a_file_that_is_not_there() -> None:
    said = tandem("phases", "nowhere.dss")
    assert said.code == 3
    assert "is not there" in said.err


def test_three_phase_of_a_network_and_of_what_is_none() -> None:
    found = gt.three_phase(village())
    assert found.converged
    assert found.notes == ()
    with pytest.raises(TypeError, match="takes an OpenDSS file or a ThreePhaseNetwork"):
        gt.three_phase(3)  # type: ignore[arg-type]
    with pytest.raises(InvalidCase, match="must be one of hold, move"):
        gt.three_phase(village(), taps="free")  # type: ignore[arg-type]


def test_the_books_of_a_feeder_close_and_sequence_voltages_are_fortescues() -> None:
    found = gt.three_phase(village())
    t, c, n = found.totals, found.conductors, found.nodes
    assert t.p_mw[3] == pytest.approx(t.load_p_mw[3] + t.loss_mw[3] - t.generation_p_mw[3], abs=PHASE_BOOKS)
    assert t.loss_mw[3] == pytest.approx((c.p_from_mw + c.p_to_mw).sum(), abs=PHASE_BOOKS)
    v = (n.v_pu * np.exp(1j * np.radians(n.angle_deg)))[n.bus == "square"]
    a = np.exp(2j * np.pi / 3)
    positive, negative = abs(v @ [1, a, a**2]) / 3, abs(v @ [1, a**2, a]) / 3
    row = found.unbalance.bus.tolist().index("square")
    assert found.unbalance.v_positive_pu[row] == pytest.approx(positive, rel=PHASE_BOOKS)
    assert found.unbalance.unbalance_percent[row] == pytest.approx(100 * negative / positive, rel=PHASE_BOOKS)
