"""Feeders fed from several buses under boundary-newton: the merged answer, quadratic, the same bits, and refusals with their reasons."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.boundary.letters import PortResponse, PortResponseAt, PowerAt, Voltage, VoltageUnderPorts, Worth
from gridtandem.boundary.weather import Weather
from gridtandem.cases.case import Case
from gridtandem.cases.folder.read import read_case
from gridtandem.cases.folder.write import write_case
from gridtandem.cases.generate import exponential, with_dg
from gridtandem.cases.library import network
from gridtandem.cases.named import case
from gridtandem.coordinate import End, coordinate
from gridtandem.errors import InvalidCase
from gridtandem.grid import elements as el
from gridtandem.grid.interfaces import Interfaces
from gridtandem.grid.network import Network
from gridtandem.schemes import Anderson, BoundaryNewton, FeederCurve, Independent, LoadFlow, Merged, Response
from gridtandem.schemes.boundary_newton import BoundaryNewtonState
from gridtandem.study.batch.run import run_batch
from gridtandem.study.batch.study import Batch
from gridtandem.study.diagnose import diagnose
from gridtandem.study.run import Result, compare, resume, run
from gridtandem.study.setting import usual, usually_compared
from gridtandem.study.study import Study, seated
from gridtandem.units import MVA
from tests.schemes.test_feeders_as_they_are import KINDS
from tests.tolerances import BOOKS_CLOSE, IDENTITY, MERGED, QUADRATIC, S_AGREES

TIGHT = BoundaryNewton(tol=1e-10, tol_mva=1e-8)
LOADED = ("4", "5", "9", "10", "11", "12", "13", "14")  # buses of ieee14 without units


def hung(models: list[Network], rows: list[tuple[str, str, int, str, str]], *, count: dict[str, int] | None = None) -> Case:
    """IEEE 14 with interfaces (company, feeder, model, root, bus)."""
    top = network("ieee14")
    company, feeder, model, root, bus = (list(column) for column in zip(*rows, strict=True))
    table = Interfaces.of({
        "name": [f"I{k}" for k in range(len(rows))], "company": company, "feeder": feeder, "model": model,
        "root": [models[m].buses.name.tolist().index(r) for m, r in zip(model, root, strict=True)],
        "bus": [top.buses.name.tolist().index(b) for b in bus], "count": [(count or {}).get(f, 1) for f in feeder],
    })  # fmt: skip
    return Case(name="ring", transmission=top, models=tuple(models), interfaces=table)


def ring(seed: int, ports: int) -> Case:
    """A 33-bus feeder with random open lines closed, random loads' laws and a DG, fed at random nodes from random buses."""
    rng = np.random.default_rng(seed)
    feeder = replace(network("case33bw"), generators=el.Generators.empty(), costs=el.Costs.empty())
    closed = feeder.lines.closed | (rng.random(len(feeder.lines)) < 0.5)
    feeder = exponential(replace(feeder, lines=replace(feeder.lines, closed=closed)), *rng.choice([0.0, 0.9, 1.3, 2.0], 2))
    feeder = with_dg(feeder, float(rng.uniform(0, 2))) if rng.random() < 0.5 else feeder
    roots, buses = (rng.choice(names, ports, replace=False) for names in (feeder.buses.name, LOADED))
    rows = [("D", "R", 0, str(r), str(b)) for r, b in zip(roots, buses, strict=True)]
    return hung([feeder], rows, count={"R": int(rng.integers(1, 4))})


def fits(found: Result, what: Case) -> None:
    """Plans of all companies are the merged answer, and the books of power close."""
    found.require()
    v = found.verdict
    assert v is not None
    assert v.checks.voltage_error_pu.max() <= MERGED
    i = v.interfaces
    assert np.abs(i.p_mw - i.p_checked_mw).max() <= MERGED * MVA
    assert np.abs(i.q_mvar - i.q_checked_mvar).max() <= MERGED * MVA
    assert np.abs(i.p_mw - i.p_feeder_mw).max() <= S_AGREES * MVA
    assert len(v.buses) == len(what.transmission.buses) + sum(len(what.models[int(m)].buses) for m in feeder_models(what))


def feeder_models(what: Case) -> list[int]:
    _, first = np.unique(what.interfaces.feeder, return_index=True)
    return what.interfaces.model[first].tolist()


@given(st.integers(0, 10_000), st.sampled_from([2, 3]))
@settings(max_examples=12, deadline=None)
def test_random_rings_meet_the_merged_answer(seed: int, ports: int) -> None:
    what = ring(seed, ports).check()
    fits(run(Study(case=what, scheme=TIGHT)), what)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"fixed tap"}))  # whose 30 degrees would short-circuit the ring
@pytest.mark.parametrize("roots", [("1", "18"), ("1", "25", "33")])
def test_rings_with_everything_the_data_model_knows(kind: str, roots: tuple[str, ...]) -> None:
    """Units that hold a voltage keep their schedule where they stand at a port: transmission holds it there."""
    what = hung([KINDS[kind](network("case33bw"))], [("A", "R", 0, r, b) for r, b in zip(roots, ("10", "12", "13"), strict=False)], count={"R": 2})
    fits(run(Study(case=what, scheme=TIGHT, q_rule="switch")), what)


@pytest.mark.parametrize("solver", ["auto", "newton"])
def test_one_company_with_feeders_of_every_number_of_ports(solver: Any) -> None:
    """Rows of a feeder need not lie beside each other, companies and parallel feeders may differ, a bus may feed several."""
    one, two = network("case33bw"), network("case69")
    rows = [
        ("A", "R1", 0, "1", "10"), ("A", "S1", 1, "1", "14"), ("B", "S2", 0, "1", "9"), ("A", "R1", 0, "18", "12"),
        ("B", "R2", 1, "1", "4"), ("A", "S3", 0, "1", "10"), ("B", "R2", 1, "27", "5"), ("A", "R1", 0, "25", "13"),
    ]  # fmt: skip
    what = hung([one, two], rows, count={"R1": 2, "S2": 3}).check()
    found = run(Study(case=what, scheme=TIGHT, feeder_solver=solver))
    fits(found, what)
    v = found.verdict
    assert v is not None
    each = {f: v.branches.loss_mw[v.branches.feeder == f].sum() * n for f, n in (("R1", 2), ("S1", 1), ("R2", 1))}
    for f, loss in each.items():
        assert v.interfaces.loss_mw[v.interfaces.feeder == f].sum() == pytest.approx(loss, abs=BOOKS_CLOSE * MVA)
    alone = replace(what, interfaces=replace(what.interfaces, company=np.array(["all"] * len(rows))))
    assert [x.tolist() for x in state(alone)] == [x.tolist() for x in state(what)]  # whoever stands behind them


def state(what: Case) -> list[np.ndarray]:
    scheme = BoundaryNewton()
    found = coordinate(seated(Study(case=what, scheme=scheme)).mailbox(scheme, (1, 1)), scheme).state
    assert found is not None
    assert found.draw is not None
    return [found.v, found.angle, found.s, found.draw.interface, found.draw.other, found.draw.dv, found.draw.dangle]


def test_it_ends_quadratically() -> None:
    for what in (case("T14R2"), ring(5, 3)):
        gaps = run(Study(case=what, scheme=BoundaryNewton(start_pu=1.0))).require().outcome.gaps
        steps = [(a, b) for a, b in pairwise(gaps) if b > IDENTITY]
        assert len(steps) >= 1
        assert all(b <= QUADRATIC * a**2 for a, b in steps)
        assert len(gaps) <= 5


def test_single_port_feeders_take_the_rounds_of_response() -> None:
    newton, response = (run(Study(case=case("T14D2"), scheme=s)) for s in (BoundaryNewton(start_pu=1.0), Response()))
    assert newton.outcome.rounds == response.outcome.rounds
    assert newton.verdict is not None
    assert response.verdict is not None
    assert np.abs(newton.verdict.buses.v_pu - response.verdict.buses.v_pu).max() <= MERGED


def test_the_ledger_counts_what_the_header_says() -> None:
    """Two ports of one feeder: 2 down; up 4, and for each of the 2 ports 2 names and 4 slopes; transmission hears the same and says 2."""
    outcome = run(Study(case=case("T14R2"), scheme=BoundaryNewton())).outcome
    each = 2 + (4 + 2 * 6) + (4 + 2 * 6) + 2
    assert outcome.books()["numbers"] == 2 * (4 + each * outcome.rounds)
    assert {e.question for e in outcome.ledger} == {"Alone", "PortResponseAt", "VoltageUnderPorts"}


def test_stopped_and_resumed_it_has_the_same_bits(tmp_path: Path) -> None:
    study = Study(case=case("T14R2"), scheme=BoundaryNewton(start_pu=1.0))
    whole = run(study)
    half = run(replace(study, rounds=1), save=tmp_path / "half.tandem")
    assert half.outcome.end is End.OUT_OF_ROUNDS
    rest = resume(tmp_path / "half.tandem", rounds=100)
    assert rest.outcome.gaps == whole.outcome.gaps
    assert rest.verdict is not None
    assert whole.verdict is not None
    assert rest.verdict.buses.v_pu.tobytes() == whole.verdict.buses.v_pu.tobytes()


def test_scenarios_die_alone_and_late_letters_do_no_harm() -> None:
    what = case("T14R2")
    found = run(Study(case=what, scheme=BoundaryNewton(start_pu=1.0), loading=np.array([[1.0], [40.0]])))
    assert found.outcome.agreed
    assert found.verdict is not None
    assert found.verdict.checks.scenario.tolist() == [0]
    assert found.verdict.checks.voltage_error_pu.max() <= MERGED
    late = run(Study(case=what, scheme=BoundaryNewton()), through=lambda mail: Weather(mail, loss=0.3, delay=1, repeat=0.2, seed=4))
    assert late.outcome.agreed
    assert late.verdict is not None
    assert late.verdict.checks.voltage_error_pu.max() <= MERGED


def test_a_case_folder_keeps_its_ports(tmp_path: Path) -> None:
    what = case("T14R2")
    assert read_case(write_case(what, tmp_path / "T14R2")).digest() == what.digest()
    assert what.size() == (14, 4 * 31)


# ── the line search ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Bent:
    """Two scenarios of one interface: V = 1 − S/100 in transmission, and feeders whose draw bends so that full Newton steps run away."""

    steep: float
    shape: tuple[int, int, int] = (2, 1, 1)

    def ask_dsos(self, question: PortResponseAt, worth: Worth = Worth.REFUSED) -> PortResponse:  # noqa: ARG002 - the road's own
        bend = self.steep * np.array([1.0, 0.01])[:, None, None]
        x = bend * (question.v - 0.9)
        s, ds = 200 * np.arctan(x), 200 * bend / (1 + x**2)
        return PortResponse(
            v=question.v, angle=question.angle, s=np.stack([s, 0 * s], -1), interface=np.zeros(1, np.int64), other=np.zeros(1, np.int64),
            dv=np.stack([ds, 0 * ds], -1)[None, :, :, 0], dangle=np.zeros((1, 2, 1, 2)), worth=np.full(s.shape, 3, np.int8),
        )  # fmt: skip

    def ask_tso(self, question: VoltageUnderPorts, worth: Worth = Worth.REFUSED) -> Voltage:  # noqa: ARG002
        d = question.draw
        slope = d.dv[0, :, :, :1]
        v = (1 - (d.s[..., 0] - slope * d.v) / 100) / (1 + slope / 100)
        v = np.where(d.worth > 0, v, np.nan)
        return Voltage(v, np.zeros_like(v), d.worth)


def followed(scheme: BoundaryNewton, mail: Bent) -> tuple[BoundaryNewtonState, list[float]]:
    """State at the end, and the part of a step that the first scenario took in each round."""
    s, parts = scheme.start(mail), []
    while len(parts) < 60 and not scheme.gap(s).closed and not np.isnan(s.v).all():
        s = scheme.round(mail, s)
        parts.append(float(s.part[0, 0]))
    return s, parts


def test_steps_that_would_run_away_are_shortened() -> None:
    scheme = BoundaryNewton(start_pu=1.1)
    s, parts = followed(scheme, Bent(steep=10.0))
    assert scheme.gap(s).closed
    assert min(parts) < 1
    assert parts[-1] == 1
    assert not s.trouble
    for v, steep in zip(s.v.ravel(), (10.0, 0.1), strict=True):
        assert v == pytest.approx(1 - 2 * np.arctan(steep * (v - 0.9)), abs=S_AGREES)


def test_where_no_part_of_a_step_helps_the_scenario_dies_and_says_so() -> None:
    """A feeder that says the wrong slope, so that its tangent leads away."""

    @dataclass
    class Liar(Bent):
        def ask_dsos(self, question: PortResponseAt, worth: Worth = Worth.REFUSED) -> PortResponse:
            told = super().ask_dsos(question, worth)
            return replace(told, dv=-told.dv * [[[1.0, 1.0]], [[-1.0, -1.0]]])

    s, parts = followed(BoundaryNewton(start_pu=1.1), Liar(steep=10.0))
    assert min(parts) < BoundaryNewton().shortest
    assert np.isnan(s.v[0]).all()
    assert np.isfinite(s.v[1]).all()
    assert s.trouble.startswith("no part of a step brings feeders and transmission closer")


# ── what is refused, and why ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("scheme", [LoadFlow(), Anderson(), Response(), FeederCurve()])
def test_schemes_without_angles_refuse_and_name_the_one_that_has_them(scheme: Any) -> None:
    with pytest.raises(InvalidCase, match=r"'F10': fed from more than one transmission bus.*take scheme boundary-newton, fused or merged.*study-022"):
        run(Study(case=case("T14R2"), scheme=scheme))


def test_letters_without_angles_are_refused_for_their_rows_alone() -> None:
    one = network("case33bw")
    what = hung([one], [("A", "R", 0, "1", "10"), ("A", "S", 0, "1", "9"), ("A", "R", 0, "18", "12")])
    party = seated(Study(case=what, scheme=BoundaryNewton())).fleets[0][0]
    reply = party.power_at(PowerAt(np.ones((1, 1, 3))))
    assert reply.worth.ravel().tolist() == [Worth.REFUSED, Worth.EXACT, Worth.REFUSED]
    assert np.isnan(reply.s[0, 0, [0, 2]]).all()


def refused(what: Case, **settings: Any) -> str:
    with pytest.raises(InvalidCase) as caught:
        run(Study(case=what, scheme=BoundaryNewton(), **settings))
    return "\n".join(map(str, caught.value.faults))


def test_a_sweep_starts_at_one_root() -> None:
    assert "is sweep, but 'F10' has several roots, and a sweep starts at one" in refused(case("T14R2"), feeder_solver="sweep")


def test_ports_that_closed_ties_make_one_bus() -> None:
    one = network("case33bw")
    tied = replace(one, ties=el.Ties.of({"name": ["coupler"], "from_bus": [0], "to_bus": [17]}))
    said = refused(hung([tied], [("A", "R", 0, "1", "10"), ("A", "R", 0, "18", "12")]))
    assert "'1', '18' are roots that closed ties make one bus, so that nothing says how power divides between them; open a tie" in said
    assert "case-055" in said


def test_two_ports_at_one_bus() -> None:
    """Then they are one port, and only the feeder could say how its power divides."""
    what = hung([network("case33bw")], [("A", "R", 0, r, b) for r, b in (("1", "10"), ("18", "11"))])
    fits(run(Study(case=what, scheme=TIGHT)), what)
    tie = el.Ties.of({"name": ["coupler"], "from_bus": [9], "to_bus": [10]})
    said = refused(replace(what, transmission=replace(what.transmission, ties=tie)))
    assert "ring: interfaces[I1].bus '11' is, closed ties counted, that of 'I0', a port of the same feeder; give the feeder one root there" in said


def test_a_feeder_does_not_bridge_two_islands() -> None:
    """Bus 14 without its lines hangs on the feeder alone."""
    what = hung([network("case33bw")], [("A", "R", 0, "1", "10"), ("A", "R", 0, "18", "14")])
    ln = what.transmission.lines
    cut = replace(ln, closed=ln.closed & (ln.from_bus != 13) & (ln.to_bus != 13))
    said = refused(replace(what, transmission=replace(what.transmission, lines=cut)))
    assert "buses 14: no path to the reference but through 'R': a feeder cannot bridge two islands" in said
    alone = replace(what, interfaces=what.interfaces.take(np.array([0])), transmission=replace(what.transmission, lines=cut))
    assert "buses 14: no path to the reference; close a branch" in refused(alone)


def test_a_part_that_no_port_reaches_is_named_with_the_ports() -> None:
    one = network("case33bw")
    cut = replace(one, lines=replace(one.lines, closed=one.lines.closed & (np.arange(len(one.lines)) != 24)))
    said = refused(hung([cut], [("A", "R", 0, "1", "10"), ("A", "R", 0, "18", "12")]))
    assert "26, 27, 28, 29, 30, 31, 32, 33: no path to the root '1', '18'" in said
    fed = hung([cut], [("A", "R", 0, "1", "10"), ("A", "R", 0, "33", "12")])
    fits(run(Study(case=fed, scheme=TIGHT)), fed)  # two parts, one from each port


def test_a_ring_without_load_flow_says_how_much_it_carries() -> None:
    what = case("T14R2")
    weak = replace(what, models=tuple(replace(m, loads=replace(m.loads, p_mw=m.loads.p_mw * 20)) for m in what.models))
    found = run(Study(case=weak, scheme=BoundaryNewton(start_pu=1.0)))
    assert found.outcome.end is End.REFUSED
    assert found.verdict is None
    assert "dso-10, interfaces I10, I12: the feeder has no load flow at 1.0000 pu at 0.00°, 1.0000 pu at 0.00°; the largest" in found.trouble[0]


def test_what_is_taken_where_nothing_is_named() -> None:
    what = case("T14R2")
    assert usual(what) == "boundary-newton"
    assert diagnose(Study(case=what, scheme=None)).recommend == "boundary-newton"
    schemes = [{"independent": Independent(), "boundary-newton": BoundaryNewton(), "merged": Merged()}[n] for n in usually_compared(what)]
    table = compare(Study(case=what, scheme=None), schemes).table
    assert table.voltage_error_pu[table.agreed].max() <= MERGED
    assert np.ptp(table.exchange_mw[table.agreed]) <= MERGED * MVA
    assert table.voltage_error_pu[~table.agreed].min() > 1000 * MERGED


def test_a_year_of_scenarios_serves_single_ports_and_refuses_others() -> None:
    loading = np.linspace(0.5, 1.2, 4)[:, None]
    newton, response = (run_batch(Batch(study=Study(case=case("T14D2"), scheme=s, loading=loading))) for s in (TIGHT, Response(tol=1e-10)))
    assert np.abs(newton.file.cases().v_low_pu - response.file.cases().v_low_pu).max() <= MERGED
    with pytest.raises(InvalidCase, match=r"does not serve 'F10': fed from more than one transmission bus; run the scenarios .*batch-005"):
        run_batch(Batch(study=Study(case=case("T14R2"), scheme=TIGHT, loading=loading)))


def test_a_feeder_has_one_loading_at_all_its_ports() -> None:
    what = case("T14R2")
    for k in (0.5, 1.0):
        found = run(Study(case=what, scheme=TIGHT, feeder_loading=np.full((1, 1, 2), k)))
        fits(found, what)
    assert "'F10' has other loadings at other ports" in refused(what, feeder_loading=np.array([[[0.5, 1.0]]]))
