"""Offers whose price rises within a step, and offers of feeders with losses, between companies that exchange files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import gridtandem as gt
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.report.run import Run
from tests.doors.terminal import tandem
from tests.tolerances import FLAT_MARKET, PRICE_TWO_WAYS


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def bent(net: Network, rise: float) -> Network:
    """Its last unit costs 20 p + ½ rise p² instead of what it did."""
    last = len(net.generators) - 1
    kept = net.cost_points.generator != last
    return replace(
        net, cost_points=net.cost_points.take(kept), costs=el.Costs.of({"generator": [last, last], "order": [1, 2], "coefficient": [20.0, rise / 2]}),
        generators=replace(net.generators, p_low_mw=np.where(np.arange(last + 1) == last, 0.0, net.generators.p_low_mw),
                           p_high_mw=np.where(np.arange(last + 1) == last, 3.0, net.generators.p_high_mw)),
    )  # fmt: skip


def test_bent_steps_travel_and_clear_as_in_one_process() -> None:
    case = gt.case("golden-3bus")
    case = replace(case, models=tuple(bent(net, 6.0) for net in case.models))
    gt.write_case(case, Path("case"))
    for name in case.companies:
        assert (
            tandem("offer", "case", "--dso", name, "--hours", "1:2", "--flow", "active", "--out", f"{name}.json", "--plot", f"{name}.svg").code == 0
        )
    steps = json.loads(Path(f"{case.companies[0]}.json").read_text(encoding="utf-8"))["offers"][0]["steps"]
    assert {len(s) for s in steps} == {2, 3}  # level ones stay pairs
    assert tandem("clear", "case/tso", *(f"{name}.json" for name in case.companies), "--out-dir", "awards").code == 0
    whole = gt.run(case, scheme="dso-offer", flow="active", hours=2)
    assert isinstance(whole, Run)
    told = {(r["dso"], r["interval"]): r for n in case.companies for r in json.loads(Path(f"awards/{n}.json").read_text(encoding="utf-8"))["awards"]}
    a = whole.awards
    for name, period, z, price in zip(a.interface.tolist(), a.period.tolist(), a.exchange_mw, a.price_per_mwh, strict=True):
        assert told[name, period]["mw"] == pytest.approx(-z, abs=FLAT_MARKET)
        assert told[name, period]["price"] == pytest.approx(price, abs=PRICE_TWO_WAYS)


def test_a_price_that_falls_within_a_step_is_refused() -> None:
    row = {"dso": "A", "bus": "bus3", "interval": 1, "p_min": -1.0, "steps": [[1.0, 20.0, -3.0]], "tier": "hourly"}
    document = {"schema": "tandem/offer/1", "company": "dso-a", "currency": "USD", "hours_each": 1.0, "offers": [row]}
    Path("a.json").write_text(json.dumps(document), encoding="utf-8")
    said = tandem("clear", "golden-3bus", "a.json")
    assert said.code == 3
    assert "price falls by 3 within step 1" in said.err


def test_words_show_the_rise_only_where_there_is_one() -> None:
    gt.write_case(replace(gt.case("golden-3bus"), models=tuple(bent(net, 6.0) for net in gt.case("golden-3bus").models)), Path("case"))
    assert "rise" in tandem("offer", "case", "--dso", "A", "--flow", "active").out
    assert "rise" not in tandem("offer", "golden-3bus", "--dso", "A", "--flow", "active").out


def test_offers_with_losses_tell_their_error_and_are_shared_out_with_losses() -> None:
    gt.write_case(gt.case("golden-3bus"), Path("case"))
    for name in ("dso-a", "dso-b"):
        said = tandem("offer", "case", "--dso", name, "--form", "branch-flow", "--set", "within=0.05", "--out", f"{name}.json")
        assert "chords of a cost with losses, above it by at most 0.0" in said.out
    assert 0 < json.loads(Path("dso-a.json").read_text(encoding="utf-8"))["offers"][0]["error"] <= 0.05
    assert tandem("clear", "case/tso", "dso-a.json", "dso-b.json", "--out-dir", "awards").code == 0
    told = tandem("award", "case", "awards/dso-a.json", "--dso", "A", "--form", "branch-flow", "--json").document
    assert any(abs(row["loss_per_mwh"]) > PRICE_TWO_WAYS for row in told["prices"])
    for row in told["prices"]:
        parts = sum(row[part] for part in ("energy_per_mwh", "congestion_per_mwh", "voltage_per_mwh", "loss_per_mwh"))
        assert parts == pytest.approx(row["price_per_mwh"], abs=PRICE_TWO_WAYS)
    assert (
        tandem(
            "compare", "golden-3bus", "--hours", "1", "--schemes", "ideal,dso-offer", "--form", "branch-flow", "--fail-if", "gap-to-ideal>1e-3"
        ).code
        == 0
    )


def test_an_error_below_nothing_is_refused() -> None:
    row = {"dso": "A", "bus": "bus3", "interval": 1, "p_min": -1.0, "steps": [[1.0, 20.0]], "tier": "hourly", "error": -1.0}
    document = {"schema": "tandem/offer/1", "company": "dso-a", "currency": "USD", "hours_each": 1.0, "offers": [row]}
    Path("a.json").write_text(json.dumps(document), encoding="utf-8")
    said = tandem("clear", "golden-3bus", "a.json")
    assert said.code == 3
    assert "error is -1.0; give a number of 0 or more" in said.err
