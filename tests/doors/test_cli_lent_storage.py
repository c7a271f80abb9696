"""Storage lent by offer file: cleared by transmission, told in the award, done by the company; the same as in one process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gridtandem as gt
from gridtandem.report.run import Run
from tests.doors.terminal import tandem
from tests.opf.test_storage_tiers import stored
from tests.tolerances import CARRIED, GOLDEN_DIGITS


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(path: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    return found


def offered() -> tuple[str, ...]:
    gt.write_case(stored(), Path("case"))
    for name in ("dso-a", "dso-b"):
        said = tandem("offer", "case", "--dso", name, "--hours", "1:4", "--flow", "active", "--set", "tier=2", "--out", f"{name}.json")
        assert said.code == 0, said.err
        assert "tier certified" in said.out
        assert "1 storage lent" in said.out
    return "dso-a.json", "dso-b.json"


def test_lent_storage_travels_and_is_used_as_in_one_process() -> None:
    files = offered()
    assert tandem("clear", "case/tso", *files, "--out-dir", "awards").code == 0
    whole = gt.run(stored(), scheme="dso-offer", options={"tier": 2}, flow="active")
    assert isinstance(whole, Run)
    assert set(whole.awards.tier.tolist()) == {"certified"}
    assert "offer certified" in repr(whole)
    for name, feeder in zip(files, "AB", strict=True):
        rows = read(f"awards/{name}")["awards"]
        mine = whole.awards.take(whole.awards.interface == feeder)
        assert [r["mw"] for r in rows] == pytest.approx((-mine.exchange_mw).tolist(), rel=GOLDEN_DIGITS)
        shared = tandem("award", "case", f"awards/{name}", "--dso", feeder, "--flow", "active", "--json")
        assert shared.code == 0, shared.err
        battery = [d["p_mw"] for d in shared.document["devices"] if d["what"] == "storages"]
        assert battery == pytest.approx([r["stores"][0]["discharge_mw"] - r["stores"][0]["charge_mw"] for r in rows], abs=CARRIED)
        here = whole.devices.take((whole.devices.feeder == feeder) & (whole.devices.what == "storages"))
        assert battery == pytest.approx(here.p_mw.tolist(), abs=CARRIED)
    assert np.abs(battery).max() > 0.1


WAYS: dict[str, Any] = {
    "share": (lambda one: one.update(efficiency_in=1.2), "stores[1].efficiency_in is 1.2"),
    "below": (lambda one: one.update(charge_mw=-1.0), "charge_mw is -1.0"),
    "key": (lambda one: one.pop("unit"), "has not just the keys of storage"),
    "range": (lambda one: one.update(energy_low_mwh=99.0), "above energy_high_mwh"),
    "steady": (lambda one: one.update(efficiency_out=0.5), "lends other storage in one hour than in another"),
}


@pytest.mark.parametrize("way", WAYS)
def test_storage_that_cannot_be_is_refused(way: str) -> None:
    offered()
    document, (change, told) = read("dso-a.json"), WAYS[way]
    change(document["offers"][0]["stores"][0])
    Path("bad.json").write_text(json.dumps(document), encoding="utf-8")
    said = tandem("clear", "case/tso", "bad.json")
    assert said.code == 3
    assert told in said.err
