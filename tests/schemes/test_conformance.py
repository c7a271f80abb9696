"""One suite for every installed scheme: the answer of the merged grid, only declared letters, the same bits every way round."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from gridtandem.boundary.layout import Ask
from gridtandem.boundary.wire import read, text
from gridtandem.cases.case import Case
from gridtandem.cases.generate import with_exponents, with_parallel
from gridtandem.cases.named import case
from gridtandem.cli.exits import EXIT_CONTRADICTED, exit_code
from gridtandem.coordinate import End, Outcome, coordinate
from gridtandem.errors import InvalidCase, Unreadable
from gridtandem.report.run import Run
from gridtandem.schemes import Independent, LoadFlow, Merged, Response
from gridtandem.study.diagnose import contraction, diagnose
from gridtandem.study.registry import name_of, scheme_kind, scheme_named, scheme_names
from gridtandem.study.run import Result, run
from gridtandem.study.study import Study, seated
from gridtandem.units import MVA
from tests.tolerances import BOOKS_CLOSE, CONTRACTS_MANY, CONTRACTS_ONE, IMPEDANCE_EXPONENT, MERGED, PARALLEL, S_AGREES, TURNED

SYSTEMS = ("14A", "14B", "30A", "30B", "T14D2", "T30D2", "T118Dn4")
COORDINATED = tuple(n for n in scheme_names() if n not in ("fused", "independent", "merged"))
TIGHT = 1e-10


def tight(name: str) -> Any:
    """A scheme that stops at 1e-10."""
    kind = scheme_kind(name)
    return kind(**({"tol": TIGHT} if "tol" in kind.__slots__ else {}) | ({"tol_mva": TIGHT * MVA} if "tol_mva" in kind.__slots__ else {}))


@cache
def result(system: str, scheme: str) -> Result:
    return run(Study(case=case(system), scheme=tight(scheme)))


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("scheme", [*COORDINATED, "fused", "merged"])
def test_identity_1_and_2_the_merged_answer_and_the_balance(system: str, scheme: str) -> None:
    """Voltages of all buses, powers of all interfaces, and generation = load + losses, over all companies' own tables."""
    found = result(system, scheme).require()
    v = found.verdict
    assert v is not None
    assert v.checks.solved.all()
    assert np.abs(v.buses.v_pu - v.buses.v_checked_pu).max() <= MERGED
    i = v.interfaces
    fits = MERGED if scheme == "merged" else S_AGREES  # the merged grid stops at the mismatch floor of its shortest branch
    assert np.abs(i.p_mw - i.p_feeder_mw).max() <= fits * MVA
    assert np.abs(i.q_mvar - i.q_feeder_mvar).max() <= fits * MVA
    assert np.abs(i.p_mw - i.p_checked_mw).max() <= MERGED * MVA
    tso = v.branches.company == "tso"
    load = demand(found.study.case, v)
    made = v.units.p_mw[v.units.company == "tso"].sum()
    assert made == pytest.approx(load + v.branches.loss_mw[tso].sum() + i.p_mw.sum(), abs=BOOKS_CLOSE * MVA)


def demand(what: Case, v: Any) -> float:
    """Active demand of transmission's own loads and shunts."""
    net = what.transmission
    vm = dict(zip(v.buses.bus[v.buses.company == "tso"].tolist(), v.buses.v_pu[v.buses.company == "tso"].tolist(), strict=True))
    shunt = sum(g * vm[net.buses.label(int(b))] ** 2 for g, b in zip(net.shunts.g_mw, net.shunts.bus, strict=True))
    assert not net.loads.p_exponent.any()
    return float(net.loads.p_mw.sum() + shunt)


@pytest.mark.parametrize("system", SYSTEMS)
def test_independent_studies_do_not_fit_together_and_the_check_says_by_how_much(system: str) -> None:
    checks = result(system, "independent").require().verdict.checks  # type: ignore[union-attr]
    assert checks.voltage_error_pu[0] > 1000 * MERGED
    assert checks.exchange_error_mva[0] > 1000 * S_AGREES * MVA


# ── the ledger ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

FORMULA = {  # numbers per interface: at the start, and per round, as the header of each scheme says
    "load-flow": (0, 1 + 2 + 4 + 2),
    "anderson": (1 + 2, 1 + 2 + 4 + 2),
    "response": (0, 1 + 5 + 6 + 2),
    "boundary-newton": (4, 2 + 10 + 10 + 2),  # of feeders with one port
    "independent": (0, 4 + 4),
    "merged": (0, 4),
    "fused": (0, 4),
}
MORE = {"fused": 2}  # numbers per scenario and period, whatever the number of interfaces


def crossing(scheme: str, rounds: int) -> int:
    """Numbers per interface over a whole run; each interface here has a company of its own."""
    if scheme != "feeder-curve":
        start, each = FORMULA[scheme]
        return start + each * rounds
    terms = [2 * 8 * 2**k for k in range(rounds)]  # P and Q, degree 7 first
    return sum(2 + 1 + n + 1 for n in terms) + (2 + terms[-1] + 2) + (1 + 2)  # the last curve is solved with and looked at


@pytest.mark.parametrize("scheme", scheme_names())
@pytest.mark.parametrize("system", ["T14D2", "30B"])
def test_ledger_counts_equal_the_formula_and_only_declared_letters_cross(system: str, scheme: str) -> None:
    found = result(system, scheme).outcome
    assert found.books()["numbers"] == len(case(system).interfaces) * crossing(scheme, found.rounds) + MORE.get(scheme, 0)
    kind = scheme_kind(scheme)
    declared = {q.__name__ for q in kind.asks_tso | kind.asks_dsos}
    unasked = {"Alone"} if getattr(kind(), "start_pu", 0.0) > 0 else set()  # asked only where the start is the forecast
    assert {e.question for e in found.ledger} == declared - unasked


def test_no_letter_is_larger_for_a_larger_feeder() -> None:
    """What crosses depends on interfaces and rounds, never on the number of buses behind them."""
    small, large = (result(system, "response").outcome.ledger for system in ("T14D2", "14B"))
    each = [{(e.to[:3], e.question, e.numbers_down / e.interfaces, e.numbers_up / e.interfaces) for e in ledger} for ledger in (small, large)]
    assert each[0] == each[1]


# ── the same bits every way round ────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class OverWire:
    """A party reached through text; stands for any transport."""

    behind: Any

    @property
    def name(self) -> str:
        return str(self.behind.name)

    @property
    def answers(self) -> frozenset[type]:
        return self.behind.answers  # type: ignore[no-any-return]

    def ask(self, question: Ask[Any]) -> Any:
        return read(text(self.behind.ask(read(text(question)))))


def carried(what: Case, scheme: Any, *, wire: bool = False, rounds: int = 100, resume: Outcome[Any] | None = None) -> Outcome[Any]:
    study = Study(case=what, scheme=scheme)
    mail = seated(study).mailbox(scheme, (1, 1))
    if wire:
        mail.tso, mail.dsos = OverWire(mail.tso), tuple((OverWire(d), rows) for d, rows in mail.dsos)
    return coordinate(mail, scheme, rounds=rounds, resume=resume)


def bits(outcome: Outcome[Any]) -> str:
    return text(outcome.state)


@pytest.mark.parametrize("scheme", scheme_names())
def test_same_input_same_bits_over_the_wire_and_for_any_split_of_companies(scheme: str) -> None:
    what, s = case("30B"), scheme_named(scheme)
    one = replace(what, interfaces=replace(what.interfaces, company=np.array(["all"] * len(what.interfaces))))
    whole = carried(what, s)
    assert bits(carried(what, s)) == bits(whole)
    assert bits(carried(what, s, wire=True)) == bits(whole)
    assert bits(carried(one, s)) == bits(whole)


@pytest.mark.parametrize("scheme", COORDINATED)
@pytest.mark.parametrize("stop", [1, 2])
def test_resume_equals_run_through(scheme: str, stop: int) -> None:
    slower = {"feeder-curve": {"degree": 1}, "boundary-newton": {"start_pu": 1.0}}  # which else are done in a round or two
    s = scheme_named(scheme, slower.get(scheme))
    whole, half = carried(case("30B"), s), carried(case("30B"), s, rounds=stop)
    assert half.end is End.OUT_OF_ROUNDS
    rest = carried(case("30B"), s, resume=half)
    assert bits(rest) == bits(whole)
    assert rest.gaps == whole.gaps
    assert rest.ledger == whole.ledger


def test_names_and_objects_are_one_to_one() -> None:
    assert [name_of(scheme_named(n)) for n in scheme_names()] == list(scheme_names())


# ── identities 3 and 5 ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_identity_3_parallel_feeders_are_separate_feeders_at_one_bus() -> None:
    what = case("T14D2")
    table = what.interfaces
    rows = np.repeat(np.arange(len(table)), table.count)
    apart = table.take(rows)
    names, feeders = (np.array([f"{letter}{k}" for k in range(len(rows))]) for letter in "IF")
    apart = replace(apart, count=np.ones(len(rows), np.int64), name=names, feeder=feeders)
    bundled, separate = (run(Study(case=c, scheme=Response(tol=TIGHT))).require().verdict for c in (what, replace(what, interfaces=apart)))
    assert bundled is not None
    assert separate is not None
    assert np.abs(bundled.interfaces.v_pu[np.searchsorted(np.unique(table.bus), table.bus[rows])] - separate.interfaces.v_pu).max() <= PARALLEL
    assert bundled.interfaces.p_mw.sum() == pytest.approx(separate.interfaces.p_mw.sum(), abs=PARALLEL * MVA)


def test_identity_3_constant_impedance_has_exponent_two_and_the_angle_does_not_matter() -> None:
    seats = seated(Study(case=with_exponents(case("T14D2"), 2.0, 2.0), scheme=Response()))
    fleet = seats.fleets[0][0]
    v = np.full((1, 1, 1), 0.97)
    s, ds = fleet.draw(v, slope=True)
    assert (ds.real * v / s.real)[0, 0, 0] == pytest.approx(2.0, abs=IMPEDANCE_EXPONENT)
    assert (ds.imag * v / s.imag)[0, 0, 0] == pytest.approx(2.0, abs=IMPEDANCE_EXPONENT)
    straight, turned = (fleet.plan(np.array([0.97 * np.exp(1j * a)]), (0, 0))[0].v for a in (0.0, 1.234))
    assert np.abs(turned * np.exp(-1.234j) - straight).max() <= TURNED


@pytest.mark.parametrize(("system", "exponents", "counts", "margin"), [
    ("T14D2", (2.0, 2.0), (0, 30), CONTRACTS_ONE),
    ("T14D2", (1.0, 2.0), (6, 6), CONTRACTS_MANY),
    ("T30D2", (2.0, 2.0), (6, 6), CONTRACTS_MANY),
    ("30B", (3.0, 3.0), (5, 8, 5, 4), CONTRACTS_MANY),
])  # fmt: skip
def test_identity_5_the_plain_exchange_contracts_by_rho(system: str, exponents: tuple[float, float], counts: tuple[int, ...], margin: float) -> None:
    what = with_exponents(case(system), *exponents)
    if 0 in counts:
        keep = np.array(counts) > 0
        what = replace(what, interfaces=what.interfaces.take(keep))
        counts = tuple(k for k in counts if k)
    study = Study(case=with_parallel(what, counts), scheme=LoadFlow(tol=1e-13))
    gaps = [g for g in run(replace(study, rounds=60)).outcome.gaps if g > 1e-9]
    observed = (gaps[-1] / gaps[-3]) ** 0.5
    assert contraction(seated(study).mailbox(None, (1, 1))) == pytest.approx(observed, rel=margin)


def test_the_diagnosis_recommends_and_says_why() -> None:
    calm = diagnose(Study(case=case("T14D2"), scheme=None))
    assert calm.recommend == "load-flow"
    assert "ρ = 0.00143 < 0.05" in calm.why
    tense = diagnose(Study(case=case("T30D2"), scheme=None, loading=np.full((1, 1), 1 + 0.999 * 1.4478)))
    assert tense.recommend == "response"
    beyond = diagnose(Study(case=case("T14D2"), scheme=None, loading=np.full((1, 1), 6.0)))
    assert beyond.recommend == "response"
    assert np.isnan(beyond.contraction)


# ── close to the nose and beyond ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("system", "nose"), [("T14D2", 3.13), ("T30D2", 1.9896)])
@pytest.mark.parametrize("scheme", ["load-flow", "anderson"])
def test_close_to_the_nose_the_plain_exchange_fails_and_says_so(system: str, nose: float, scheme: str) -> None:
    what = with_exponents(case(system), 0.9, 1.3)
    found = run(Study(case=what, scheme=scheme_named(scheme), loading=np.full((1, 1), 1 + 0.99 * nose)))
    assert found.outcome.end is End.REFUSED
    assert found.outcome.rounds <= 1
    assert found.verdict is None
    assert any("try scheme response" in line for line in found.trouble)
    assert run(Study(case=what, scheme=Response(), loading=np.full((1, 1), 1 + 0.99 * nose))).outcome.agreed


@pytest.mark.parametrize("scheme", scheme_names())
def test_beyond_the_nose_no_numbers_come_out_but_the_largest_loading_does(scheme: str) -> None:
    """λ* = 1.9918 for constant power, so of a loading of 4 the share (1 + 1.9918) / 4 can be served."""
    found = run(Study(case=case("T14D2"), scheme=scheme_named(scheme), loading=np.full((1, 1), 4.0), rounds=30))
    assert not found.outcome.answered
    assert found.verdict is None
    assert "at most λ = 0.748" in "\n".join(found.trouble)


def test_beyond_the_nose_independent_answers_fail_the_check() -> None:
    found = run(Study(case=case("T14D2"), scheme=Independent(), loading=np.full((1, 1), 3.5)))
    assert found.verdict is not None  # each side alone does find an answer
    assert not found.verdict.checks.solved.any()
    assert np.isnan(found.verdict.buses.v_checked_pu).all()


def test_scenarios_and_periods_are_a_batch() -> None:
    loading = np.array([[0.8, 1.0], [1.2, 1.5]])
    many = run(Study(case=case("T14D2"), scheme=Response(tol=TIGHT), loading=loading)).require().verdict
    assert many is not None
    for s, t in np.ndindex(2, 2):
        alone = run(Study(case=case("T14D2"), scheme=Response(tol=TIGHT), loading=loading[s : s + 1, t : t + 1])).require().verdict
        assert alone is not None
        mine = (many.buses.scenario == s) & (many.buses.period == t)
        assert np.abs(many.buses.v_pu[mine] - alone.buses.v_pu).max() <= MERGED
    assert np.array_equal(np.unique(many.checks.scenario), [0, 1])


def test_one_impossible_scenario_spares_the_others() -> None:
    found = run(Study(case=case("T14D2"), scheme=Response(), loading=np.array([[1.0], [40.0]])))
    assert found.outcome.agreed
    assert found.verdict is not None
    assert found.verdict.checks.scenario.tolist() == [0]
    assert any("scenario 1" in line and "λ = 0.07" in line for line in found.trouble)


def test_merged_alone_serves_a_network_without_feeders() -> None:
    assert run(Study(case=case("ieee14"), scheme=Merged())).verdict is not None
    heavy = run(Study(case=case("ieee14"), scheme=Merged(), loading=np.full((1, 1), 5.0)))
    assert heavy.outcome.end is End.REFUSED
    assert "at most λ = 0.81" in "\n".join(heavy.trouble)  # 4.0603 / 5


def test_a_feeder_that_needs_more_than_nominal_voltage_is_reached_from_the_forecast() -> None:
    """At a loading where the 33-bus feeder has no load flow at 1 pu but has one at the 1.05 pu of its bus."""
    what = with_parallel(case("T14D2"), 1)
    loading = np.full((1, 1), 3.7)
    calm = replace(what, transmission=replace(what.transmission, loads=what.transmission.loads.take(np.zeros(len(what.transmission.loads), bool))))
    flat = run(Study(case=calm, scheme=Response(), loading=loading))
    assert flat.outcome.end is End.REFUSED
    assert any("start_pu=0" in line for line in flat.trouble)
    found = run(Study(case=calm, scheme=Response(start_pu=0.0), loading=loading)).require()
    assert found.verdict is not None
    assert found.verdict.checks.voltage_error_pu.max() <= MERGED
    assert found.outcome.ledger[0].question == "Alone"


def test_an_exchange_that_swings_says_so() -> None:
    """Very voltage-dependent feeders on a weak bus: ρ close to 1."""
    what = with_parallel(with_exponents(case("30B"), 3.0, 3.0), (1, 1, 1, 12))
    found = run(Study(case=what, scheme=LoadFlow(), rounds=30))
    assert found.outcome.end is End.OUT_OF_ROUNDS
    assert "this exchange stalls or swings; take scheme response" in found.trouble[0]
    assert run(Study(case=what, scheme=Response())).outcome.agreed


@pytest.mark.parametrize("loading", [-1.0, np.nan, np.inf])
def test_a_loading_that_is_none_is_refused(loading: float) -> None:
    with pytest.raises(InvalidCase, match=r"study.loading has a loading that is negative or no number; give factors of 0 or more \(case-059\)"):
        run(Study(case=case("T14D2"), scheme=Response(), loading=np.full((1, 1), loading)))


def test_zero_load_is_served() -> None:
    found = run(Study(case=case("T14D2"), scheme=Response(), loading=np.zeros((1, 1)))).require()
    assert found.verdict is not None
    assert found.verdict.interfaces.p_mw == pytest.approx(0.0, abs=BOOKS_CLOSE * MVA)


def test_a_tolerance_below_zero_is_refused() -> None:
    with pytest.raises(Unreadable, match="option tol of scheme response is a distance above 0; -1 is not"):
        scheme_named("response", {"tol": -1})


def test_a_schedule_that_no_load_could_make_solvable_says_so() -> None:
    """A DG of 60 MW at the end of the 33-bus feeder: the load is not what is wrong, and no share of it is the answer."""
    what = case("T14D2")
    g = what.models[0].generators
    more = {"name": "DG", "bus": 17, "p_mw": 60.0}
    units = type(g).of({c: [*getattr(g, c).tolist(), more.get(c, s.default)] for c, s in type(g).columns().items()})
    what = replace(what, models=tuple(replace(m, generators=units) for m in what.models))
    for loading in (1.0, 0.0):
        found = run(Study(case=what, scheme=Response(), loading=np.full((1, 1), loading)))
        assert found.outcome.end is End.REFUSED
        assert "not even without load: look at the schedule of its units" in found.trouble[0]
        assert found.trouble[1].endswith("the whole system has none without any load either: look at the schedule of units")


def test_plans_that_the_check_contradicts_are_said_to_be_wrong() -> None:
    """A scheme that agrees on voltages a tenth too high."""

    @dataclass(frozen=True)
    class Liar:
        tol: float = 1e-9
        asks_tso = Response.asks_tso
        asks_dsos = Response.asks_dsos

        def start(self, mail: Any) -> Any:
            return Response().start(mail)

        def round(self, mail: Any, s: Any) -> Any:
            return Response().round(mail, s)

        def gap(self, s: Any) -> Any:
            return Response().gap(s)

        def agreement(self, s: Any) -> Any:
            told = Response().agreement(s)
            return replace(told, v=told.v * 1.1)

    honest, liar = (run(Study(case=case("T14D2"), scheme=s)) for s in (Response(), Liar()))
    assert honest.contradicted == 0.0
    assert liar.outcome.agreed
    assert liar.contradicted > 0.01
    told = Run.of(liar)
    assert "CONTRADICTS" in told.end
    assert exit_code([told]) == EXIT_CONTRADICTED
