"""Three-phase feeders in markets, through the commands: offered, cleared by files, awarded, and checked by the load flow of their phases."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gridtandem.cases.folder.write import write_network_folder
from gridtandem.cases.opendss.write import write_opendss
from gridtandem.cases.phase_case import phase_case, unrated
from gridtandem.errors import InvalidCase
from tests.doors.terminal import tandem
from tests.tolerances import GOLDEN_DIGITS, MONEY_CLOSES, PUBLISHED_PU, TIGHTENED_PU

DATA = Path(__file__).parents[1] / "data/ieee_feeders"
TOML = 'schema = "gridtandem/phase-feeder/1"\nname = "mine"\nnetwork = "IEEE13Nodeckt.dss"\nbus = "bus3"\ncurrency = "USD"\n'


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_an_offer_says_what_moves_what_limits_and_how_wrong_the_model_is() -> None:
    said = tandem("offer", "feeder33x3", "--plot", "offer.svg")
    assert (said.code, said.err.strip()) == (0, "picture   offer.svg")
    assert "DDG-25a, ES-6c                   voltage at 14.c" in said.out
    assert "the model tells voltages up to 0.0039 pu too high" in said.out
    document = tandem("offer", "feeder33x3", "--json").document
    checks = document["checks"]
    assert len(checks) == len(document["true_cost"][0]["export_mw"]) == 27
    assert max(c["too_high_pu"] for c in checks) <= TIGHTENED_PU
    assert any(c["limits_broken"] for c in checks)
    assert all(c["export_exact_mw"] == pytest.approx(c["export_mw"] - c["loss_mw"], rel=GOLDEN_DIGITS) for c in checks)


def test_a_margin_keeps_the_limits_in_the_load_flow() -> None:
    checks = tandem("offer", "feeder33x3", "--margin", "0.003", "--json").document["checks"]
    assert all(c["limits_broken"] == 0 for c in checks)


def test_it_trades_with_balanced_feeders_by_files() -> None:
    assert tandem("convert", "golden-3bus", "g").code == 0
    assert tandem("offer", "g", "--dso", "A", "--flow", "active", "--out", "a.json").code == 0
    assert tandem("offer", "feeder33x3", "--bus", "bus2", "--margin", "0.003", "--out", "b.json").code == 0
    assert tandem("clear", "g/tso", "a.json", "b.json", "--out-dir", "awards").code == 0
    said = tandem("award", "feeder33x3", "awards/b.json", "--margin", "0.003", "--json")
    assert said.code == 0
    found = said.document
    prices = {row["bus"]: row for row in found["prices"]}
    assert prices["14.c"]["voltage_per_mwh"] > 0.1 > abs(prices["1.a"]["voltage_per_mwh"])
    assert prices["8.abc"]["price_per_mwh"] == pytest.approx(np.mean([prices[f"8.{p}"]["price_per_mwh"] for p in "abc"]), rel=MONEY_CLOSES)
    for row in found["prices"]:
        assert row["price_per_mwh"] == pytest.approx(row["energy_per_mwh"] + row["congestion_per_mwh"] + row["voltage_per_mwh"], rel=MONEY_CLOSES)
    assert found["awards"][0]["export_mw"] == pytest.approx(json.loads(Path("awards/b.json").read_text())["awards"][0]["mw"])
    assert [(c["solved"], c["limits_broken"]) for c in found["checks"]] == [(1, 0)]


def test_the_offer_holds_nothing_from_inside() -> None:
    assert tandem("offer", "feeder33x3", "--out", "b.json").code == 0
    text = Path("b.json").read_text(encoding="utf-8")
    assert not any(word in text for word in ("DDG", "PV-14b", "voltage", "14.c"))


def test_published_feeders_and_a_folder_of_ones_own() -> None:
    pytest.importorskip("opendssdirect")
    shutil.copytree(DATA / "13", "mine")
    (Path("mine") / "feeder.toml").write_text(TOML + 'v_low_pu = 0.975\nv_high_pu = 1.06\ntaps = "move"\nratings = "none"\n', encoding="utf-8")
    write_network_folder(phase_case("ieee13-ders").feeder.devices, "mine/devices")
    named, own = (tandem("offer", word, "--json").document for word in ("ieee13-ders", "mine"))
    assert named["true_cost"][0]["cost_per_h"] == own["true_cost"][0]["cost_per_h"]
    assert [o["bus"] for o in own["offer"]["offers"]] == ["bus3"]
    for document in (named, tandem("offer", "ieee123-ders", "--json").document):
        assert 0 < max(max(c["too_high_pu"], c["too_low_pu"]) for c in document["checks"]) <= PUBLISHED_PU


def test_a_file_alone_must_take_its_load() -> None:
    pytest.importorskip("opendssdirect")
    net = phase_case("ieee13-ders").feeder.network
    document = tandem("offer", str(DATA / "13/IEEE13Nodeckt.dss"), "--json").document
    assert "flow on 650632" in document["trouble"][0]  # the file states no ratings, so lines have the engine's 400 A
    with pytest.raises(InvalidCase, match=r"has limits of '611' and 14 more.*phase-011"):
        write_opendss(net, "own")
    n = len(net.buses)
    free = replace(unrated(net), buses=replace(net.buses, v_low_pu=np.zeros(n), v_high_pu=np.full(n, np.inf)))
    file = write_opendss(free, "own")
    document = tandem("offer", str(file), "--json").document
    assert document["offer"]["offers"][0]["steps"] == []
    assert document["offer"]["offers"][0]["p_min"] == pytest.approx(-net.loads.p_mw.sum(), abs=PUBLISHED_PU)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("feeder33x3", "--margin", "0.2"), "of 0.2 leaves no voltage between the limits of '2' and 31 more"),
        (("feeder33x3", "--margin", "-1"), "margin_pu is -1; give a voltage of 0 or more"),
        (("feeder33x3", "--dso", "other"), "no interface, feeder or company named 'other'"),
        (("golden-3bus", "--dso", "A", "--margin", "0.01"), "margin is for three-phase feeders"),
        (("golden-3bus", "--dso", "A", "--bus", "x"), "bus is for three-phase feeders"),
        (("golden-3bus",), "name a feeder, interface or company"),
    ],
)
def test_what_makes_no_sense_is_said(words: tuple[str, ...], told: str) -> None:
    said = tandem("offer", *words)
    assert said.code in (2, 3)
    assert told in said.err


def test_commands_for_balanced_networks_say_where_to_go() -> None:
    said = tandem("run", "feeder33x3", "--scheme", "dso-offer")
    assert said.code == 3
    assert "is a three-phase feeder" in said.err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (TOML.replace("/1", "/7"), "phase-007"), (TOML + 'taps = "jump"\n', "it must be one of hold, move"), (TOML + "speed = 3\n", "case-204"),
        (TOML + 'v_low_pu = "low"\n', "case-205"),
    ],
)  # fmt: skip
def test_settings_of_a_folder_are_checked(text: str, told: str) -> None:
    Path("mine").mkdir()
    (Path("mine") / "feeder.toml").write_text(text, encoding="utf-8")
    said = tandem("offer", "mine")
    assert said.code == 3
    assert told in said.err
