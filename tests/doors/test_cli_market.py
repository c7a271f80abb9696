"""Commands of markets: a day cleared, kept and compared; offers, clearing and awards between companies that exchange files and nothing else."""

from __future__ import annotations

import csv
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import gridtandem as gt
from gridtandem.cli.exits import EXIT_NO_SOLUTION
from gridtandem.report.market.pictures import payoff
from gridtandem.report.run import Run
from tests.doors.terminal import Said, process, run_file, tandem
from tests.papers.golden import TOLD
from tests.tolerances import GOLDEN_DIGITS, IDENTITY, MONEY_CLOSES

CASE = ("golden-3bus", "--flow", "active")
DIGITS = 6  # of a number, from which it is somebody's number and no accident


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_run_clears_a_day_and_keeps_it() -> None:
    said = tandem("run", *CASE, "--scheme", "dso-offer")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("golden-3bus under dso-offer, 4 periods of 1 h: the parties agree")
    run = gt.opened(run_file(said))
    assert isinstance(run, Run)
    assert repr(run) == said.out.rstrip("\n")
    assert run.result.cost == pytest.approx(sum(h["cost"] for h in TOLD["hours"]), rel=GOLDEN_DIGITS)


def test_hours_are_those_asked_for() -> None:
    said = tandem("run", *CASE, "--scheme", "dso-offer", "--hours", "2", "--first-hour", "3", "--json")
    assert said.code == 0
    assert said.document["cost"] == pytest.approx(sum(h["cost"] for h in TOLD["hours"][2:]), rel=GOLDEN_DIGITS)
    assert [row["period"] for row in said.document["checks"]] == [3, 4]


def test_all_tables_are_shown_and_exported() -> None:
    tandem("run", *CASE, "--scheme", "dso-offer")
    for name in ("awards", "prices", "devices", "books", "surplus", "checks", "violations", "letters", "rounds"):
        assert tandem("show", "golden-3bus-dso-offer", "--table", name).code == 0
    assert tandem("export", "golden-3bus-dso-offer", "--out", "tables").code == 0
    with Path("tables/books.csv").open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert {"payer", "payee", "item", "amount"} == lines[0].keys()
    assert "dso-offer declares: per interface and period" in tandem("messages", "golden-3bus-dso-offer").out
    for kind in ("overview", "prices", "settlement"):
        assert tandem("plot", "golden-3bus-dso-offer", "--kind", kind).code == 0
    assert "golden-3bus" in tandem("runs").out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("run", "14A", "--scheme", "dso-offer", "--loading", "2"), "loading: for schemes of load flow"),
        (("run", "14A", "--hours", "2"), "hours: for schemes of markets"),
        (("run", "14A", "--scheme", "response", "--flow", "active"), "flow: for schemes of markets"),
        (("compare", "14A", "--schemes", "ideal,response"), "name schemes of one kind"),
        (("compare", *CASE, "--schemes", "ideal", "--fail-if", "feeder-loss>1"), "no figure of these schemes named 'feeder-loss'"),
        (("compare", *CASE, "--schemes", "ideal", "--fail-if", "price-eror>1"), "did you mean 'price-error'?"),
        (("offer", "golden-3bus", "--dso", "C"), "no interface, feeder or company named 'C'"),
        (("offer", "golden-3bus", "--dso", "A", "--hours", "4:1"), "the last is not before the first"),
    ],
)
def test_what_belongs_elsewhere_is_refused_with_a_sentence(words: tuple[str, ...], told: str) -> None:
    said = tandem(*words)
    assert said.code == 2
    assert told in said.err


def test_compare_holds_every_scheme_against_the_ideal_market() -> None:
    said = tandem("compare", *CASE, "--schemes", "ideal,dso-offer", "--json", "--fail-if", "gap-to-ideal>1e-9", "--fail-if", "price-error>1e-6")
    assert said.code == 0, said.err
    ideal, offer = said.document["schemes"]
    assert offer["cost"] == pytest.approx(ideal["cost"], rel=GOLDEN_DIGITS)
    assert ideal["numbers"] > 0  # models had to be handed over
    assert tandem("compare", *CASE, "--schemes", "ideal,dso-offer", "--fail-if", "dso-offer:letters>4").code == 10


def test_an_offer_names_who_moves_and_which_limit_prices_each_step() -> None:
    said = tandem("offer", *CASE, "--dso", "A", "--plot", "a.svg")
    assert said.code == 0
    lines = [line.split("  ") for line in said.out.splitlines() if line.strip().startswith("1  A")]
    steps = [[word.strip() for word in line if word.strip()] for line in lines]
    assert [s[-1] for s in steps[-2:]] == ["voltage at n3"] * 2
    assert [s[6] for s in steps[:4]] == ["A-PV3", "A-ES3", "A-DDG1", "A-DDG1"]
    assert Path("a.svg").is_file()


def test_rules_of_the_market_shape_the_offer_and_the_loss_is_told() -> None:
    said = tandem("offer", *CASE, "--dso", "B", "--set", "steps=2", "--json")
    assert len(said.document["offer"]["offers"][0]["steps"]) == 2
    words = tandem("offer", *CASE, "--dso", "B", "--set", "steps=2").out
    loss = re.search(r"dearer than the truth by at most ([\d.]+) USD/h", words)
    assert loss is not None
    assert float(loss[1]) > 1


# ── two companies and a market, each on its own data ────────────────────────────────────────────────────────────────────────


def exchanged(case: gt.Case, folder: Path) -> tuple[Said, list[Path]]:
    """Offers of both companies; transmission in a process and a folder of its own, with its network and the offers; its awards."""
    gt.write_case(case, folder / "case")
    apart = folder / "apart"
    shutil.copytree(folder / "case/tso", apart / "tso")
    for name in case.companies:
        said = tandem("offer", str(folder / "case"), "--dso", name, "--hours", "1:4", "--flow", "active", "--out", str(apart / f"{name}.json"))
        assert said.code == 0, said.err
    offers = [f"{name}.json" for name in case.companies]
    cleared = process("clear", "tso", *offers, "--out-dir", "awards", cwd=apart)
    assert cleared.code == 0, cleared.err
    return cleared, [*(apart / name for name in offers), *(apart / "awards" / name for name in offers)]


def test_two_processes_give_the_golden_numbers(tmp_path: Path) -> None:
    _, files = exchanged(gt.case("golden-3bus"), tmp_path)
    whole = gt.run("golden-3bus", scheme="dso-offer", flow="active")
    assert isinstance(whole, Run)
    sent = {(row["dso"], row["interval"]): row for path in files[2:] for row in json.loads(path.read_text(encoding="utf-8"))["awards"]}
    for h, told in enumerate(TOLD["hours"], start=1):
        for i, name in enumerate("AB"):
            assert sent[name, h]["mw"] == pytest.approx(told["award"][i], rel=GOLDEN_DIGITS)
            assert sent[name, h]["price"] == pytest.approx(told["lmp"][2 - i], rel=GOLDEN_DIGITS)
    for name, path in zip("AB", files[2:], strict=True):
        shared = tandem("award", "case", str(path), "--dso", name, "--flow", "active", "--json")
        assert shared.code == 0
        mine = whole.devices.take(whole.devices.feeder == name)
        assert [d["name"] for d in shared.document["devices"]] == mine.name.tolist()
        np.testing.assert_allclose([d["payment"] for d in shared.document["devices"]], mine.payment, rtol=GOLDEN_DIGITS, atol=GOLDEN_DIGITS)
        prices = whole.prices.take(whole.prices.feeder == name)
        np.testing.assert_allclose([p["price_per_mwh"] for p in shared.document["prices"]], prices.price_per_mwh, rtol=GOLDEN_DIGITS)


def marked(case: gt.Case) -> gt.Case:
    """The same with numbers of many digits and long names in the feeders."""
    rng = np.random.default_rng(11)
    models = []
    for net in case.models:
        loads = replace(net.loads, p_mw=net.loads.p_mw * _near(rng, net.loads), q_mvar=net.loads.q_mvar * _near(rng, net.loads))
        r, x, rating = (getattr(net.lines, c) * _near(rng, net.lines) for c in ("r_ohm", "x_ohm", "rating_mva"))
        lines = replace(net.lines, r_ohm=r, x_ohm=x, rating_mva=rating, name=np.char.add("canaryline", net.lines.name))
        units = replace(net.generators, name=np.char.add("canaryunit", net.generators.name))
        buses = replace(net.buses, name=np.char.add("canarybus", net.buses.name))
        models.append(replace(net, loads=loads, lines=lines, generators=units, buses=buses))
    return replace(case, models=tuple(models))


def _near(rng: np.random.Generator, table: object) -> np.ndarray:
    return 1 + 0.01 * rng.random(len(table))  # type: ignore[arg-type]


def test_no_number_and_no_name_of_a_feeder_leaves_its_company(tmp_path: Path) -> None:
    """Loads, impedances, ratings and names; the offer itself tells prices and sizes of blocks that no limit cuts, as an offer must."""
    case = marked(gt.case("golden-3bus"))
    cleared, files = exchanged(case, tmp_path)
    seen = cleared.out + cleared.err + "".join(p.read_text(encoding="utf-8") for p in files)
    secret = [
        f"{x:.16f}".lstrip("0.")[:DIGITS] if x < 1 else f"{x:.16f}"[: DIGITS + 1]
        for net in case.models for c in (net.loads.p_mw, net.loads.q_mvar, net.lines.r_ohm, net.lines.x_ohm, net.lines.rating_mva) for x in c.tolist()
    ]  # fmt: skip
    assert len(set(secret)) == len(secret) == sum(2 * len(n.loads) + 3 * len(n.lines) for n in case.models)
    assert [word for word in secret if word in seen] == []
    assert "canary" not in seen
    there = "".join(p.read_text(encoding="utf-8") for p in (tmp_path / "case").rglob("*.csv"))
    assert all(word in there for word in (*secret, "canaryunitA-PV3"))  # the search would find them
    solar = json.loads(files[0].read_text(encoding="utf-8"))["offers"][0]["steps"][0]
    assert solar == [pytest.approx(6.0, rel=IDENTITY), 0.0]  # what does leave: a block of 6 MW at no cost


def changed(change: str) -> dict[str, object]:
    """An offer of one hour, with one thing wrong."""
    row = {"dso": "A", "bus": "bus3", "interval": 1, "p_min": -1.0, "steps": [[1.0, 20.0], [1.0, 30.0]], "tier": "hourly"}
    document: dict[str, object] = {"schema": "tandem/offer/1", "company": "dso-a", "currency": "USD", "hours_each": 1.0, "offers": [row]}
    ways = {
        "falling": lambda: row.update(steps=[[1.0, 30.0], [1.0, 20.0]]), "twice": lambda: document.update(offers=[row, row]),
        "hour": lambda: document.update(offers=[row, {**row, "interval": 3}]), "nan": lambda: row.update(p_min=float("nan")),
        "bus": lambda: row.update(bus="bus9"), "floor": lambda: row.update(steps=[[1.0, -500.0]]), "width": lambda: row.update(steps=[[-1.0, 2.0]]),
        "key": lambda: row.pop("bus"), "extra": lambda: row.update(r_ohm=0.1), "schema": lambda: document.update(schema="tandem/award/1"),
        "tier": lambda: row.update(tier="best"), "pairs": lambda: row.update(steps=[[1.0]]), "empty": lambda: document.update(offers=[]),
    }  # fmt: skip
    ways[change]()
    return document


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("falling", "not convex: price falls from 30 to 20"), ("twice", "has hour 1 twice"), ("hour", "'A' says nothing of hour 2"),
        ("nan", "p_min is nan"), ("bus", "bus 'bus9', which is not a bus"), ("floor", "has a price of -500"), ("width", "powers that do not rise"),
        ("key", "bus is missing"), ("extra", "r_ohm is not known"), ("schema", "tandem/offer/1 is wanted here"), ("tier", "tier is 'best'"),
        ("pairs", "give a list of steps"), ("empty", "has no offers"),
    ],
)  # fmt: skip
def test_a_broken_offer_is_refused_with_its_fault(change: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(changed(change)), encoding="utf-8")
    said = tandem("clear", "golden-3bus", str(path), "--set", "floor=-150")
    assert said.code == 3, said.err
    assert told in said.err
    assert "1 fault in" in said.err


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    for name in ("nan", "key", "tier"):
        (tmp_path / f"{name}.json").write_text(json.dumps(changed(name)), encoding="utf-8")
    (tmp_path / "text.json").write_text("{", encoding="utf-8")
    said = tandem("clear", "golden-3bus", *(str(tmp_path / f"{n}.json") for n in ("nan", "key", "tier", "text")))
    assert said.code == 3
    assert "4 faults in" in said.err


def test_an_award_that_cannot_be_delivered_is_told_and_gives_no_numbers(tmp_path: Path) -> None:
    row = {"dso": "A", "interval": 1, "mw": 99.0, "price": 20.0}
    document = {"schema": "tandem/award/1", "company": "dso-a", "currency": "USD", "hours_each": 1.0, "awards": [row]}
    (tmp_path / "a.json").write_text(json.dumps(document), encoding="utf-8")
    said = tandem("award", "golden-3bus", "a.json", "--dso", "A", "--flow", "active", "--json")
    assert said.code == 4
    assert said.document["devices"] == []
    assert said.document["trouble"] == ["feeder 'A' cannot deliver its award of 99 MW in hour 1"]


def test_awards_are_never_written_over() -> None:
    tandem("offer", *CASE, "--dso", "A", "--out", "a.json")
    said = tandem("clear", "golden-3bus", "a.json", "--out-dir", "x")
    assert said.code == 0
    assert "B of this case sent no offer: nothing is served there" in said.out
    assert tandem("clear", "golden-3bus", "a.json", "--out-dir", "x").code == 2
    assert tandem("offer", *CASE, "--dso", "A", "--out", "a.json").code == 2


def test_what_parties_end_up_with_is_minus_the_cost_of_all_resources() -> None:
    run = gt.run("golden-3bus", scheme="dso-offer", flow="active")
    assert isinstance(run, Run)
    assert sum(payoff(run).values()) == pytest.approx(-run.result.cost, rel=MONEY_CLOSES)
    books = run.books
    everybody = {*books.payer.tolist(), *books.payee.tolist()}
    balance = {who: books.amount[books.payee == who].sum() - books.amount[books.payer == who].sum() for who in everybody}
    assert sum(balance.values()) == pytest.approx(0.0, abs=MONEY_CLOSES * run.result.cost)
    assert np.abs(run.surplus.left).max() <= MONEY_CLOSES * run.result.cost


def test_welfare_by_level_as_table_picture_and_file() -> None:
    said = tandem("welfare", *CASE, "--loads", "90:100:10", "--hours", "1", "--schemes", "conventional-4,ideal", "--plot", "w.svg", "--csv", "w.csv")
    assert said.code == 0, said.err
    assert said.out.startswith("all: golden-3bus, hour 1; all demand times the level, offers, limits, sun and wind held fixed")
    assert Path("w.svg").is_file()
    with Path("w.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(r["load_percent"], r["scheme"]) for r in rows if r["party"] == "all"] == [
        (load, scheme) for load in ("90.0", "100.0") for scheme in ("conventional-4", "ideal")
    ]
    mine = next(r["party"] for r in rows if r["party"].startswith("dso"))
    words = ("--loads", "100", "--hours", "1", "--schemes", "ideal")
    assert tandem("welfare", *CASE, *words, "--party", mine).out.startswith(f"{mine}: ")
    assert tandem("welfare", *CASE, *words, "--party", "nobody").code == 2
    document = tandem("welfare", *CASE, "--loads", "100,900", "--hours", "1", "--schemes", "ideal", "--json")
    assert document.code == EXIT_NO_SOLUTION
    assert [row["answered"] for row in document.document["welfare"] if row["party"] == "all"] == [True, False]


@pytest.mark.parametrize("words", [("--loads", "120:50:10"), ("--loads", "50:120:0"), ("--loads", "a"), ("--loads", "0"), ("--schemes", "merged")])
def test_levels_that_mean_nothing_are_errors_of_usage(words: tuple[str, str]) -> None:
    assert tandem("welfare", *CASE, *words).code == 2


def test_a_days_sales_and_incentives_are_shown_and_exported() -> None:
    said = tandem("run", "ieee14-3x17", "--scheme", "choice-of-market", "--hours", "1", "--first-hour", "19", "--set", "local=average")
    assert said.code == 0, said.err
    assert "MWh units sold" in said.out
    run = gt.opened(run_file(said))
    assert isinstance(run, Run)
    assert set(run.sales.name.tolist()) == {"DG1-6", "DG1-13"}  # those of type 2 stay local
    assert sum(payoff(run).values()) == pytest.approx(-run.result.cost, rel=MONEY_CLOSES)
    name = run.path.stem  # type: ignore[union-attr]
    assert tandem("show", name, "--table", "sales", "--out", "sales.csv").code == 0
    assert Path("sales.csv").read_text(encoding="utf-8").count("\n") == len(run.sales) + 1
    assert tandem("run", "ieee14-3x17", "--scheme", "choice-of-market", "--set", "local=median").code == 2


def test_files_with_different_faults_are_told_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert tandem("offer", "golden-3bus", "--dso", "A", "--hours", "1:2", "--flow", "active", "--out", "a.json").code == 0
    told = json.loads(Path("a.json").read_text())
    falling, nowhere, missing = (json.loads(json.dumps(told)) for _ in range(3))
    falling["offers"][0]["steps"] = [[1.0, 30.0], [1.0, 20.0]]
    falling["offers"][1]["p_min"] = "much"
    nowhere["offers"][1]["bus"] = "bus9"
    del missing["offers"][1]
    for name, content, dso in (("fall", falling, "F"), ("nowhere", nowhere, "N"), ("missing", missing, "M")):
        for row in content["offers"]:
            row["dso"] = dso
        Path(f"{name}.json").write_text(json.dumps(content))
    said = tandem("clear", "golden-3bus", "a.json", "fall.json", "nowhere.json", "missing.json")
    assert said.code == 3
    for words in ("p_min is 'much'", "hangs on bus 'bus9'", "says nothing of hour 2", "F, hour 1"):
        assert words in said.err
