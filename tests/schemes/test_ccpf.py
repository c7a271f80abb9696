"""Coordinated continuation: the curve of all networks as one, told in letters; and where plainer exchanges end."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from gridtandem.boundary.arc import DONE, GOING, LOST, Arc, Seen
from gridtandem.boundary.growth_letters import Eliminate, Eliminated
from gridtandem.boundary.joint import ahead as onwards
from gridtandem.boundary.mailbox import Mailbox
from gridtandem.boundary.wire import text
from gridtandem.cases.case import Case
from gridtandem.cases.generate import with_exponents
from gridtandem.cases.join import joined
from gridtandem.cases.named import case
from gridtandem.coordinate import End, Outcome, coordinate
from gridtandem.errors import InvalidCase
from gridtandem.flow.continuation.direction import Direction
from gridtandem.flow.continuation.margin import ENDS, margin_of
from gridtandem.flow.continuation.options import Tracing
from gridtandem.flow.continuation.path import ahead, corrected
from gridtandem.flow.continuation.trace import Curve, trace
from gridtandem.flow.newton import Newton
from gridtandem.grid.nodal import Nodal
from gridtandem.parties.growing import Growing, plain
from gridtandem.parties.growing_joint import SAFE, Memory
from gridtandem.report.margin.run import margin
from gridtandem.schemes.ccpf import Ccpf
from gridtandem.schemes.ccpf_fixed_point import CcpfFixedPoint
from gridtandem.schemes.ccpf_nose import CcpfNose
from gridtandem.schemes.ccpf_response import CcpfResponse
from gridtandem.study.margin.ask import Growth
from gridtandem.study.margin.coordinated import GrowthSeats
from gridtandem.study.margin.tables import KINDS
from gridtandem.units import MVA
from tests.schemes.test_conformance import OverWire
from tests.tolerances import EARLY, HERMITE, NOTED, ON_JOINT_CURVE, ORTHOGONAL, ROW_BY_DIFFERENCE, SAME_LIMIT, SAME_NOSE

SCHEMES = (Ccpf(), CcpfResponse(), CcpfFixedPoint(), CcpfNose())
NAMES = ("ccpf", "ccpf-response", "ccpf-fixed-point", "ccpf-nose")
BEHIND = 0.09  # the merged curve goes on to a tenth of λ* behind the nose
CASES = (("T14D2", 0.0), ("T14D2", 1.0), ("T30D2", 0.0))


@cache
def system(name: str, exponent: float) -> Case:
    return with_exponents(case(name), exponent, exponent)


@cache
def seats(name: str, exponent: float, companies: int = 2) -> GrowthSeats:
    what = system(name, exponent)
    if companies == 1:
        what = replace(what, interfaces=replace(what.interfaces, company=np.array(["all"] * len(what.interfaces))))
    return GrowthSeats.of(what, Growth())


def run(scheme: Any, name: str = "T14D2", exponent: float = 0.0, **more: Any) -> Outcome[Any]:
    return coordinate(seats(name, exponent).mailbox(), scheme, rounds=500, **more)


@cache
def merged(name: str, exponent: float) -> Curve:
    newton = Newton.of(Nodal.of(joined(system(name, exponent)).network))
    return trace(newton, Direction.of(newton.nodal), Tracing(until="past", longest=0.02))


@pytest.mark.parametrize(("name", "exponent"), CASES)
def test_the_nose_is_that_of_all_networks_as_one(name: str, exponent: float) -> None:
    whole = margin_of(merged(name, exponent))
    for scheme in (Ccpf(), CcpfNose(), CcpfResponse()):
        points = scheme.curve(run(scheme, name, exponent).require().state).points
        assert abs(points.growth[-1] - whole.growth) <= SAME_NOSE * whole.growth
    points = Ccpf().curve(run(Ccpf(), name, exponent).state).points
    most = points.load[points.most]
    assert abs(most - whole.most * MVA) <= HERMITE * most


@pytest.mark.parametrize(("name", "exponent"), CASES)
def test_twenty_places_lie_on_the_curve_of_all_networks_as_one(name: str, exponent: float) -> None:
    """Both branches; the merged networks are corrected at the λ of each place, from the nearest place of their own curve."""
    points = Ccpf().curve(run(Ccpf(past=0.1, longest=0.02), name, exponent).require().state).points
    whole = merged(name, exponent)
    at, top = seats(name, exponent).transmission.at, int(np.argmax(points.growth))
    star, turn = float(points.growth.max()), margin_of(whole).knot
    away = [k for k in range(len(points.growth)) if NOTED * star < star - points.growth[k] < BEHIND * star or k < top - 1]
    chosen = [away[k] for k in np.linspace(0, len(away) - 1, 20).astype(int).tolist()]
    for k in chosen:
        branch = whole.knots[: turn + 1] if k < top else whole.knots[turn:]
        one, other = next((a, b) for a, b in pairwise(branch) if (a.place.growth - points.growth[k]) * (b.place.growth - points.growth[k]) <= 0)
        part = (points.growth[k] - one.place.growth) / (other.place.growth - one.place.growth)
        vm, angle = ((1 - part) * getattr(one.place, n) + part * getattr(other.place, n) for n in ("vm", "angle"))
        found = corrected(one.stage, replace(one.place, vm=vm, angle=angle, growth=float(points.growth[k])), ahead(one.stage))
        assert found is not None
        assert np.abs(found.place.vm[at] - points.v[k]).max() <= ON_JOINT_CURVE


def test_rows_of_a_feeder_are_its_derivatives() -> None:
    """With u taken out, they are those of its load flow at a fixed root voltage."""
    feeder: Growing = seats("T14D2", 1.0).fleets[0][0].feeders[0]
    v, growth, h = 0.98, 0.7, 1e-4

    def told(v: float, growth: float) -> np.ndarray:
        here = feeder.begin(v, growth)
        assert here is not None
        return plain(feeder.eliminated(here)[0])

    here = told(v, growth)
    by_v, by_growth = (told(v + h, growth) - told(v - h, growth))[:, 0] / (2 * h), (told(v, growth + h) - told(v, growth - h))[:, 0] / (2 * h)
    for row in (0, 1, 4):
        assert abs(here[row, 1] - by_v[row]) <= ROW_BY_DIFFERENCE * (1 + abs(by_v[row]))
        assert abs(here[row, 2] - by_growth[row]) <= ROW_BY_DIFFERENCE * (1 + abs(by_growth[row]))


def test_steps_keep_to_the_row_of_the_arc_with_everybodys_share() -> None:
    """Newton's step from a prediction is orthogonal to the tangent in the unknowns of all companies together."""
    at = seats("T14D2", 1.0)
    mail = at.mailbox()
    s = Ccpf().start(mail)
    ask, joint = onwards(s.base, 2 * s.arc.length)
    left = mail.ask_dsos(ask)
    there = mail.ask_tso(replace(joint, feeders=left))
    own = Memory.of(there.memo, at.transmission.newton)
    shares = [float(own.arc @ own.step)]
    for fleet, rows in at.fleets:
        for i, feeder in zip(rows.tolist(), fleet.feeders, strict=True):
            inside = feeder.reminded(left.memo[left.interface == i], 0.0)
            shares.append(float(inside.arc @ inside.y @ there.step[0, 0, i]))
    assert max(map(abs, shares[1:])) > 1000 * ORTHOGONAL
    assert abs(sum(shares)) <= ORTHOGONAL


class Listening:
    """A company whose replies are kept."""

    def __init__(self, party: Any) -> None:
        self.party, self.heard = party, list[Any]()
        self.name, self.answers = party.name, party.answers

    def ask(self, question: Any) -> Any:
        self.heard.append(self.party.ask(question))
        return self.heard[-1]


def listening(mail: Mailbox) -> list[Listening]:
    ears = [Listening(party) for party, _ in mail.dsos]
    mail.dsos = tuple((ear, rows) for ear, (_, rows) in zip(ears, mail.dsos, strict=True))
    return ears


def test_a_feeder_singular_at_a_fixed_root_voltage_is_no_obstacle() -> None:
    """Behind the nose the feeder's interior becomes singular at its root voltage; elimination with a border goes through."""
    mail = seats("T14D2", 0.0).mailbox()
    ears = listening(mail)
    through = coordinate(mail, Ccpf(past=0.1), rounds=500).require()
    pivots = np.array([r.rows[0, 0, 0, 2, 3] for ear in ears for r in ear.heard if isinstance(r, Eliminated)])
    assert pivots.min() < 0 < pivots.max()
    assert np.abs(pivots).min() < SAFE
    points = Ccpf().curve(through.state).points
    assert points.growth[-1] <= 0.9 * points.growth.max()


@pytest.mark.parametrize("name", ["T14D2", "T30D2"])
def test_parametrised_by_transmission_alone_the_curve_stops_early(name: str) -> None:
    """Feeders are asked at a voltage and λ: where their interior is singular there, a little behind the nose, no step however short leads on."""
    star = margin_of(merged(name, 0.0)).growth
    early = run(CcpfResponse(past=0.1), name)
    assert early.end is End.REFUSED
    ended = CcpfResponse().curve(early.state)
    assert ended.trouble == "no step however short can be corrected"
    assert (1 - 5 * EARLY) * star < ended.points.growth[-1] < (1 - EARLY / 2) * star
    assert Ccpf().curve(run(Ccpf(past=0.1), name).require().state).points.growth[-1] <= 0.9 * star


def test_responses_go_on_where_demand_falls_with_voltage() -> None:
    points = CcpfResponse().curve(run(CcpfResponse(past=0.1), exponent=1.0).require().state).points
    assert points.growth[-1] <= 0.9 * points.growth.max()


@pytest.mark.parametrize(("name", "exponent"), CASES)
def test_plain_exchange_ends_before_the_nose_and_takes_ever_more(name: str, exponent: float) -> None:
    outcome = run(CcpfFixedPoint(), name, exponent).require()
    points = CcpfFixedPoint().curve(outcome.state).points
    star = margin_of(merged(name, exponent)).growth
    assert (1 - NOTED) * star < points.growth[-1] <= (1 + SAME_NOSE) * star
    plain_, better = (sum(e.to != "tso" for e in o.ledger) for o in (outcome, run(CcpfResponse(), name, exponent)))
    assert plain_ > better


@pytest.mark.parametrize("scheme", SCHEMES, ids=NAMES)
def test_same_bits_over_the_wire_for_any_split_of_companies_and_stopped_or_not(scheme: Any) -> None:
    whole = run(scheme, exponent=1.0)
    assert text(run(scheme, exponent=1.0).state) == text(whole.state)
    mail = seats("T14D2", 1.0).mailbox()
    mail.tso, mail.dsos = OverWire(mail.tso), tuple((OverWire(d), rows) for d, rows in mail.dsos)
    assert text(coordinate(mail, scheme, rounds=500).state) == text(whole.state)
    assert text(coordinate(seats("T14D2", 1.0, 1).mailbox(), scheme, rounds=500).state) == text(whole.state)
    half = coordinate(seats("T14D2", 1.0).mailbox(), scheme, rounds=5)
    assert half.end is End.OUT_OF_ROUNDS
    assert text(run(scheme, exponent=1.0, resume=half).state) == text(whole.state)


def test_what_crosses_is_what_the_header_says() -> None:
    mail = seats("T14D2", 0.0).mailbox()
    ears = listening(mail)
    coordinate(mail, Ccpf(), rounds=3)
    memos = [len(r.memo) for r in ears[0].heard]
    entries = [e for e in mail.ledger if e.question == Eliminate.__name__ and e.to == ears[0].name]
    assert [e.numbers_up - 2 * m for e, m in zip(entries, memos, strict=True)] == [23] * len(memos)
    assert entries[0].numbers_down == 10


def test_no_load_flow_no_start() -> None:
    what = system("T14D2", 0.0)
    heavy = replace(what, interfaces=replace(what.interfaces, scale=np.array([9.0, 1.0])))
    outcome = coordinate(GrowthSeats.of(heavy, Growth()).mailbox(), Ccpf(), rounds=500)
    assert outcome.end is End.REFUSED
    traced = Ccpf().curve(outcome.state)
    assert not traced.whole
    assert traced.trouble == "no load flow of all networks together to start from"


@pytest.mark.parametrize(("wider", "end"), [(1.0, "nose"), (10.0, "limit")])
def test_reactive_limits_of_transmission_are_met_as_in_all_networks_as_one(wider: float, end: str) -> None:
    """The same units give way in the same order at the same λ; where upper limits are ten times as wide, one of them ends it."""
    what = system("T14D2", 1.0)
    g = what.transmission.generators
    what = replace(what, transmission=replace(what.transmission, generators=replace(g, q_high_mvar=wider * g.q_high_mvar)))
    run = margin(what, keep=("q",), until="past", tools=("ccpf", "merged"))
    one, other = run.tools.growth
    assert abs(one - other) <= SAME_NOSE * other
    kinds = [KINDS.index(k) for k in ("q", "q_back")]
    a, b = (e.take((e.tool == tool) & np.isin(e.met, kinds) & ~e.past) for e in (run.events,) for tool in ("ccpf", "merged"))
    assert a.element.tolist() == b.element.tolist()
    assert a.side.tolist() == b.side.tolist()
    assert np.abs(a.growth - b.growth).max() <= SAME_LIMIT
    assert a.induced.any() == b.induced.any() == (end == "limit")
    assert all(ENDS[end] == told for told in run.tools.end.tolist())  # type: ignore[index]


def test_other_schemes_keep_no_limits() -> None:
    with pytest.raises(InvalidCase, match="margin-012"):
        margin("T14D2", keep=("q",), tools=("ccpf-response",))


def test_questions_that_coordinated_continuation_does_not_take() -> None:
    what = system("T14D2", 0.0)
    with pytest.raises(InvalidCase) as caught:
        GrowthSeats.of(replace(what, interfaces=replace(what.interfaces, feeder=np.array(["one", "one"]))), Growth(keep=("p",), target=0.5))
    assert {"margin-008", "margin-009", "margin-010"} <= {f.code for f in caught.value.faults}


def test_arc_finds_the_top_of_a_parabola() -> None:
    """λ = 1 − (s − 1)²/2 of arc length s, so dλ = 1 − s."""
    arc, s = Arc.of(0.4, 0.5), 0.0
    trials, turned = 0, False
    while not arc.ended:
        there = s + arc.length
        arc, taken = arc.tried(Seen(growth=1 - (there - 1) ** 2 / 2, slope=1 - there, corrections=3))
        s = there if taken else s
        trials += 1
        if arc.falling and not turned:
            assert abs(s - 1) <= SAME_NOSE
            turned = True
    assert turned
    assert arc.phase == DONE
    assert 1 - (s - 1) ** 2 / 2 <= 0.5
    assert trials < 20
    while not arc.ended or arc.phase == DONE:
        arc = replace(arc, phase=GOING).failed()
    assert arc.phase == LOST
