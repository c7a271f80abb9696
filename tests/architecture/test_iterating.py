"""M9: what operators decide together, found by letters: the cost of the common market, no model sent, and a sentence where it cannot be."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import gridtandem as gt
from gridtandem.architecture.catalogue import architecture
from gridtandem.architecture.graph import COORD
from gridtandem.architecture.simulation.conduct import Choices, Joint
from gridtandem.architecture.simulation.derived import derived
from gridtandem.architecture.simulation.iterating import negotiated
from gridtandem.architecture.simulation.play import Way
from gridtandem.architecture.simulation.run import One, judge_of, simulated
from gridtandem.architecture.simulation.scenarios import Setting, scene_of
from gridtandem.architecture.simulation.scene import Scene
from tests.architecture.playing import changed
from tests.tolerances import DAY_COST, TOY


@cache
def day(scenario: str = "nominal", case: str = "four-feeders") -> Scene:
    return scene_of(Setting(case=gt.case(case), flow="active" if case == "toy-two-feeders" else "apparent"), scenario)


@cache
def one(joint: Joint, case: str = "four-feeders") -> One:
    return simulated(derived(architecture("UK2")), day(case=case), judge_of(day(case=case)), Choices(joint=joint))


@pytest.mark.parametrize("case", ["toy-two-feeders", "four-feeders"])
def test_letters_find_the_cost_of_one_program(case: str) -> None:
    shared, letters = one("shared", case), one("iterative", case)
    assert letters.play.procedure == "M9"
    assert letters.result.cost[0] == pytest.approx(shared.result.cost[0], rel=DAY_COST)
    assert letters.result.cost_paper[0] == pytest.approx(shared.result.cost_paper[0], rel=DAY_COST)
    assert letters.result.linear_before_mwh[0] <= TOY
    assert letters.result.imbalance_mwh[0] <= TOY
    assert letters.result.note[0] == ""
    assert np.isnan(shared.result.iterations[0])


def test_rounds_and_letters_are_those_that_crossed() -> None:
    found = one("iterative")
    agreed = found.planned.agreed
    assert agreed is not None
    assert found.result.iterations[0] == agreed.rounds > 1
    feeders = len(day().actual.feeders)
    assert len(agreed.letters) == feeders * (2 + agreed.rounds)  # reach, the first planes, and one question a round, to each
    lines = {key[:2]: line for key, line in found.ledger.lines.items() if key[2:] == (COORD, "letter")}
    assert set(lines) == {agreed.link, agreed.link[::-1]}
    assert all(line.messages == len(agreed.letters) for line in lines.values())
    assert sum(line.numbers for line in lines.values()) == sum(e.numbers_down + e.numbers_up for e in agreed.letters)
    assert sum(line.bytes for line in lines.values()) == sum(e.bytes for e in agreed.letters)
    assert found.result.latency_p50_s[0] > one("shared").result.latency_p50_s[0]


def test_no_model_is_sent() -> None:
    """Where who clears would be told models, letters take their place; and the largest problem is smaller."""
    graph = changed(architecture("UK2"), "", "info DSO ESO item=dgrid")
    play = derived(graph)
    assert play.models is not None
    shared, letters = (simulated(play, day(), judge_of(day()), choices) for choices in (Choices(), Choices(joint="iterative")))
    (a, b) = play.models
    sizes = [sum(line.numbers for (x, y, _, item), line in one.ledger.lines.items() if (x, y, item) == (a, b, "dgrid")) for one in (shared, letters)]
    assert sizes[1] == day().actual.draw(letters.planned.y).size < sizes[0] / 10
    assert letters.result.largest_problem[0] < shared.result.largest_problem[0]


@pytest.mark.parametrize(
    ("name", "scenario", "why"),
    [
        ("SND", "nominal", "no bids of DER reach distribution"), ("UK2", "lost-link", "links between tiers 1 and 2 are down in 6 periods"),
        ("UK2", "strategic", "somebody asks another price than its cost"),
    ],
)  # fmt: skip
def test_where_letters_cannot_do_the_same_one_program_clears_and_a_sentence_says_why(name: str, scenario: str, why: str) -> None:
    scene = day(scenario)
    plain, asked = (simulated(derived(architecture(name)), scene, judge_of(scene), choices) for choices in (Choices(), Choices(joint="iterative")))
    assert asked.result.note[0].startswith(f"cleared in one program, not by letters: {why}")
    assert asked.result.cost.tobytes() == plain.result.cost.tobytes()
    assert asked.play.procedure == plain.play.procedure


def test_a_graph_says_why_not() -> None:
    def told(graph: str, without: str, *more: str) -> str:
        return negotiated(derived(changed(architecture(graph), without, *more)), day())[2]

    play = derived(architecture("UK2"))
    mixed = replace(play, classes=(*play.classes, replace(play.classes[0], way=Way.BLIND)))
    assert "all customers must be decided on together" in negotiated(mixed, day())[2]
    assert told("R1", "") == ""  # nobody decides together: nothing to choose
    assert "no agreement links tiers 1 and 2" in told("UK5", "", "disp DSO AGG")
    assert told("UK2", "") == ""


def test_reactive_power_that_is_chosen_by_letters_alone_is_no_comparison() -> None:
    case = gt.case("four-feeders")
    free = tuple(replace(m, generators=replace(m.generators, q_low_mvar=m.generators.q_low_mvar - 1.0)) for m in case.models)
    scene = scene_of(Setting(case=replace(case, models=free), first=11, hours=1), "nominal")
    assert "units choose their reactive power" in negotiated(derived(architecture("UK2")), scene)[2]
