"""Commands of companies that move the price: run, compare, strategy, igdt, and what they leave behind."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import gridtandem as gt
from gridtandem.cases.rts24 import Rts24
from gridtandem.cases.rts24_disco import Rts24Disco
from gridtandem.cli.exits import EXIT_INVALID, EXIT_NO_SOLUTION, EXIT_USAGE
from tests.doors.terminal import run_file, tandem
from tests.tolerances import MONEY_CLOSES

CASE = ("rts24-disco33", "--hours", "2", "--first-hour", "18")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_run_tells_what_the_company_pays_and_keeps_it() -> None:
    said = tandem("run", *CASE, "--scheme", "strategic")
    assert said.code == 0
    for line in ("company   disco: cost", "no other exchange costs it less", "certificate: the market solved again makes these prices"):
        assert line in said.out
    run = gt.opened(run_file(said))
    assert repr(run) == said.out.rstrip("\n")
    own, books = run.companies, run.books
    assert own.exchange.sum() == pytest.approx(float(books.amount[(books.payer == "disco") & (books.payee == "tso")].sum()), rel=MONEY_CLOSES)
    for name in ("companies", "bid_curve", "certificates"):
        assert tandem("show", "rts24-disco33-strategic", "--table", name).code == 0
    for kind in ("bid-curve", "resources", "voltages"):
        assert tandem("plot", "rts24-disco33-strategic", "--kind", kind, "--out", f"{kind}.svg").code == 0


def test_compare_tells_the_companies_cost_beside_that_of_all() -> None:
    said = tandem("compare", *CASE, "--schemes", "ideal,strategic,price-taker")
    assert said.code == 0
    assert "companies cost" in said.out
    document = tandem("compare", *CASE, "--schemes", "ideal,strategic,price-taker", "--json").document
    assert all(row["companies_cost"] is not None for row in document["schemes"])


def test_a_price_taker_is_told_what_it_believed() -> None:
    assert "it took it for" in tandem("run", *CASE, "--scheme", "price-taker").out


def test_strategy_tells_six_cases_or_sizes() -> None:
    said = tandem("strategy", *CASE, "--plot", "cases.svg", "--csv", "cases.csv")
    assert said.code == 0
    with Path("cases.csv").open(encoding="utf-8") as file:
        assert {row["name"] for row in csv.DictReader(file)} == {f"C{k}" for k in range(6)}
    document = tandem("strategy", *CASE, "--feeders", "1,20", "--plot", "sizes.svg", "--json").document
    assert [row["feeders"] for row in document["market_power"]] == [1, 20]
    assert Path("cases.svg").exists()
    assert Path("sizes.svg").exists()


def test_several_cases_stand_in_one_table() -> None:
    both = ("rts24-disco33", "rts24-disco51", "--hours", "1", "--first-hour", "18")
    document = tandem("strategy", *both, "--plot", "cases.svg", "--json").document
    rows = [(row["case"], row["name"]) for row in document["references"]]
    assert [rows[0], rows[8]] == [("rts24-disco33", "C0"), ("rts24-disco51", "C0")]
    assert len(rows) == 16
    words = tandem("strategy", *both, "--feeders", "1", "--plot", "sizes.svg").out.splitlines()
    assert words[0].startswith("rts24-disco33 and rts24-disco51, 1 period")
    assert words[1].startswith("case ")
    assert "case" not in tandem("strategy", *CASE, "--feeders", "1").out.splitlines()[1]


def test_cases_in_different_money_are_not_added_up() -> None:
    tandem("convert", "rts24-disco33", "mine")
    settings = Path("mine/case.toml")
    settings.write_text(settings.read_text().replace('"USD"', '"EUR"'))
    said = tandem("strategy", *CASE, "mine")
    assert said.code == EXIT_USAGE
    assert "EUR and USD" in said.err


def test_a_tariff_is_read_and_told() -> None:
    tandem("convert", "rts24-disco33", "mine")
    Path("mine/disco/case33bw/tariffs.csv").write_text("price_per_mwh\n9\n")
    said = tandem("run", "mine", *CASE[1:], "--scheme", "strategic")
    assert said.code == 0
    for words in ("tariff forgone", "by its tariff", "MWh over all periods"):
        assert words in said.out
    told = tandem("show", run_file(said).stem, "--table", "profit").out
    assert "retail" in told
    assert "energy [MWh]" in told
    assert "tariffs would bring" in tandem("igdt", "mine", *CASE[1:], "--budget", "5%").out


def test_igdt_tells_both_curves() -> None:
    said = tandem("igdt", *CASE, "--budget", "0,5%", "--samples", "3", "--plot", "igdt.svg", "--csv", "igdt.csv")
    assert said.code == 0
    assert "draws inside their bands" in said.out
    document = tandem("igdt", *CASE, "--budget", "0,5%", "--side", "robustness", "--json").document
    assert [row["side"] for row in document["radii"]] == ["robustness"] * 2
    assert document["radii"][1]["alpha"] > 0


@pytest.mark.parametrize("words", [("--weight", "tide=1"), ("--weight", "sun=2"), ("--most", "0"), ("--samples", "-1")])
def test_what_a_band_cannot_be_is_said(words: tuple[str, str]) -> None:
    said = tandem("igdt", *CASE, "--budget", "5%", *words)
    assert said.code == EXIT_INVALID
    assert "igdt-0" in said.err


def short() -> str:
    """A folder whose stations have half their power."""
    case = gt.case("rts24-disco33")
    net = case.transmission
    units, points = net.generators, net.cost_points
    half = replace(points, p_mw=points.p_mw / 2, cost_per_h=points.cost_per_h / 2)
    gt.write_case(replace(case, transmission=replace(net, generators=replace(units, p_high_mw=units.p_high_mw / 2), cost_points=half)), "short")
    return "short"


@pytest.mark.parametrize("words", [("run", "--scheme", "strategic"), ("strategy",), ("strategy", "--feeders", "20"), ("igdt", "--budget", "5%")])
def test_a_market_that_is_short_is_an_answer_to_nobody(words: tuple[str, ...]) -> None:
    said = tandem(words[0], short(), *words[1:], "--hours", "2", "--first-hour", "17")
    assert said.code == EXIT_NO_SOLUTION
    text = said.out + said.err
    assert "lacks up to" in text
    assert "1,000.00" not in text
    assert "nan" not in text
    assert "no other exchange" not in text


def test_a_route_that_igdt_does_not_have_is_not_advised() -> None:
    case = Rts24Disco(market=Rts24(ramps=True)).case("ramps")
    gt.write_case(case, "ramps")
    said = tandem("igdt", "ramps", "--hours", "2", "--budget", "5%")
    assert said.code == EXIT_NO_SOLUTION
    assert "by ramps" in said.err
    assert "route" not in said.err


def test_costs_of_starts_are_said_to_be_left_out() -> None:
    case = gt.case("rts24-disco33")
    net = case.models[0]
    units = replace(net.generators, startup_cost=np.where(net.generators.name == "DG-18", 500.0, 0.0))
    gt.write_case(replace(case, models=(replace(net, generators=units),)), "s")
    told = "starts and stops of 1 of 7 units cost something (500 and 0 at 'DG-18'), which is left out"
    assert told in " ".join(tandem("check", "s").out.split())
    for words in (("run", "s", "--scheme", "strategic"), ("strategy", "s", "--feeders", "20")):
        assert told in tandem(*words, "--hours", "1").out
    assert "starts" not in tandem("run", *CASE, "--scheme", "ideal").out


def test_markets_without_feeders_tell_their_cost() -> None:
    """The published costs of a day."""
    assert "cost      423,361.48 USD" in tandem("run", "rts24-market", "--scheme", "ideal").out
    assert "cost      491,061.02 USD" in tandem("run", "rts24-market-reduced", "--scheme", "ideal").out


def test_pooled_models_are_counted_beside_letters() -> None:
    said = tandem("run", *CASE, "--scheme", "ideal").out
    letters, pooled = (int(word.replace(",", "")) for word in re.findall(r"([\d,]+) numbers", said))
    assert tandem("compare", *CASE, "--schemes", "ideal,price-taker", "--json").document["schemes"][0]["numbers"] == pooled
    assert letters < pooled


def test_several_companies_are_no_promise_of_less() -> None:
    said = tandem("strategy", "golden-3bus", "--hours", "2")
    assert said.code == EXIT_NO_SOLUTION  # without units one feeder cannot be served
    assert "2 companies, whose costs are added up" in said.out
