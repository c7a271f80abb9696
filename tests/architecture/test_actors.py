"""Who clears, who acts, who knows, and along which chains customers are reached."""

from __future__ import annotations

import pytest

from gridtandem.architecture.catalogue import architecture
from gridtandem.architecture.relations import skeleton_of
from gridtandem.architecture.simulation.derived import derived, knowing
from gridtandem.architecture.simulation.play import Way
from tests.architecture.playing import FOUR, changed, of_lines, play, ways


def test_who_clears_and_what_the_play_depends_on() -> None:
    """A portal with orders is a platform; an exchange that is told bids alone decides nothing; links within a company are none."""
    told = {}
    for name in ("PT1", "JP1", "EU0", "SND", "R1", "CA1"):
        found, of = play(name), play(name).graph.nodes.name
        models = tuple(str(of[k]) for k in found.models or ())
        told[name] = (str(of[found.bulk]), [str(of[k]) for k in found.networks], [f"{of[a]} {of[b]}" for a, b in found.links], models)
    assert told == {
        "PT1": ("MOT", ["DSO", "MOD"], ["DSO MOT", "MOT DSO"], ()), "JP1": ("TDT", ["TDD"], [], ()), "EU0": ("TSO", ["DSO"], [], ()),
        "SND": ("CMO", ["DSO"], ["TSO DSO", "DSO CMO"], ("DSO", "CMO")), "R1": ("TSO", ["DO"], ["DO TSO"], ("DO", "TSO")),
        "CA1": ("CAISO", ["DSO"], ["CAISO DSO"], ()),
    }  # fmt: skip


def test_who_knows_networks() -> None:
    told = {name: [str(play(name).graph.nodes.name[k]) for k in knowing(play(name))] for name in ("R1", "AU0", "UK4", "R3")}
    assert told == {"R1": ["DO", "TSO"], "AU0": [], "UK4": ["ESO"], "R3": ["DSO"]}


@pytest.mark.parametrize(
    ("text", "clears"),
    [
        ("N M role=MO tier=1 org=M\ndisp M A\ndisp T A\ndisp A x\n", "T"),  # of equal reach, a TSO
        ("N M role=MO tier=1 org=M\ndisp M T\ndisp T A\ndisp A x\n", "M"),  # nobody of tier 1 instructs M
        ("N M role=MO tier=1 org=M\nbid A M\ncoord T D s=limits\ndisp D A\ndisp A x\n", "T"),  # told bids, M decides nothing
        ("N M role=MO tier=1 org=M\nbid A M\ndisp A x\n", "M"),  # nobody else takes part
        ("N P role=FMP tier=1 org=P\norder D P\ndisp P x\ndisp T A\ndisp A x\n", "T"),  # a platform of distribution alone clears no bulk
        ("N P role=FMP tier=1 org=P\norder T P\ndisp P A\ndisp A x\n", "P"),
    ],
)
def test_who_clears(text: str, clears: str) -> None:
    # whoever is written first is not who clears
    head, rest = FOUR.split("\n", 1)
    found = of_lines(text.split("\n")[0] + "\n" + rest + head + "\n" + text.split("\n", 1)[1])
    assert found.graph.nodes.name[found.bulk] == clears


def test_the_shortest_chain_comes_first() -> None:
    (found,) = play("NY1").classes
    assert [len(p) for p in found.bulk] == [len(p) for p in found.network] == [2, 3]
    assert found.taken == (found.network[0], found.bulk[0])


def test_orders_through_a_platform_reach_its_customers() -> None:
    """Each operator's order is an instruction along the platform; so the DSO of EU2 is somebody who buys."""
    (found,) = derived(architecture("EU2"), arb=0.0).classes
    skeleton = skeleton_of(architecture("EU2"))
    assert [skeleton.said(p) for p in (*found.bulk, *found.network)] == ["FMP > AGG > DER", "DSO > FMP > AGG > DER"]


def test_who_may_tell_of_limits() -> None:
    """Who sees distribution by himself; whom the clearer acts for; and an owner of wires who does nothing else, beside an operator who does."""
    assert derived(changed(architecture("AU1"), "info DNSP AEMO")).procedure == "M1"
    portal = "N P role=FMP tier=1 org=P agent_of=T\norder T P\ndisp P x\n"
    assert [of_lines(FOUR + portal + more).procedure for more in ("", "info D T item=dgrid\n", "info D T item=prequal\n")] == ["M0", "M1", "M0"]
    assert of_lines(FOUR + "N W role=DO tier=2 org=W\ndisp T x\nctl D x\ninfo W T item=dgrid\n").procedure == "M1"


def test_areas_stand_for_themselves() -> None:
    """On a graph of instances: what one area tells of itself says nothing of the other."""
    areas = "".join(f"N D{k} role=DSO tier=2 org=D{k}\nN x{k} role=DER tier=4 org=C cap=.5\ndisp T x{k}\nctl D{k} x{k}\n" for k in (1, 2))
    head = "N T role=TSO tier=1 org=T\n"
    assert ways(of_lines(head + areas + "info D1 T item=dgrid\n")) == {"x1": (Way.SEEN, "M1"), "x2": (Way.BLIND, "M0")}
    assert ways(of_lines(head + areas + "coord T D2 s=joint\n")) == {"x1": (Way.BLIND, "M0"), "x2": (Way.JOINT, "M2")}
