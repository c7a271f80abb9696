"""Commands about three-phase feeders under transmission, and about networks that only carry."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import gridtandem as gt
from gridtandem.cli.exits import EXIT_INVALID
from tests.doors.terminal import tandem
from tests.tolerances import PUBLISHED_ITD

pytest.importorskip("opendssdirect")
pytestmark = pytest.mark.peer
IEEE13 = Path(__file__).parents[1] / "data" / "ieee_feeders" / "13" / "IEEE13Nodeckt.dss"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_unbalanced_case_runs_by_name() -> None:
    said = tandem("run", "case5_case3_unbal", "--scheme", "copf")
    assert said.code == 0
    assert "17,953.75 USD promised, the same as the dispatch of one owner (17,953.75)" in said.out
    assert "no limit broken" in said.out
    assert "losses 7.336 MW" in said.out
    table = tandem("compare", "case5_case3_unbal", "--schemes", "central,copf,hgd,admm,independent", "--json")
    found = json.loads(table.out)
    rows = {row["scheme"]: row for row in next(v for v in found.values() if isinstance(v, list) and v and "scheme" in v[0])}
    assert {name for name, row in rows.items() if row["agreed"]} == {"central", "copf", "hgd", "admm"}


def test_an_opendss_file_hangs_under_transmission() -> None:
    said = tandem("new", "mine", "--from", str(IEEE13), "--feeder-at", "9")
    assert said.code == 0
    assert "12 lines state no rating, and have none" in said.out.replace("\n", " ").replace("  ", " ")
    assert tandem("check", "mine").code == 0
    ran = tandem("run", "mine", "--scheme", "copf")
    assert ran.code == 0
    assert "the same as the dispatch of one owner" in ran.out
    assert tandem("new", "mine", "--from", str(IEEE13), "--feeder-at", "9").code != 0


def test_a_three_phase_feeder_alone_says_where_it_may_go() -> None:
    said = tandem("run", "ieee13-ders", "--scheme", "copf")
    assert said.code == EXIT_INVALID
    assert "or hang it under transmission with `tandem new --from`" in said.err


def test_networks_that_only_carry() -> None:
    said = tandem("transport", "case5_case3_bal_nogen")
    assert said.code == 0
    assert said.out.startswith(
        "transport of case5_case3_bal_nogen: 14,780.00 USD per hour, 999 MW without losses, voltages, reactive power and angles\n"
    )
    found = json.loads(tandem("transport", "case5_case3_bal_nogen", "--json").out)
    assert found["cost_per_h"] == pytest.approx(14779.99974, abs=PUBLISHED_ITD)
    assert found["schema"] == "tandem/transport/1"
    assert [row["name"] for row in found["tables"]["units"]] == gt.transport("case5_case3_bal_nogen").units.name.tolist()
