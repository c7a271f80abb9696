"""The smallest change: known ones by hand, and that no smaller one does it."""

from __future__ import annotations

from itertools import combinations

import pytest

from gridtandem.architecture.catalogue import architecture
from gridtandem.architecture.relations import skeleton_of
from gridtandem.architecture.verdicts.findings import principle
from gridtandem.architecture.verdicts.judged import Level
from gridtandem.architecture.verdicts.mend import Mended, after, changes, levels, mend
from gridtandem.errors import InvalidCase


def mended(name: str, short: str, word: str, most: int = 3) -> Mended:
    return mend(architecture(name), principle(short), principle(short).level(word), most=most)


def said(name: str, found: Mended) -> list[str]:
    return ["; ".join(c.said(skeleton_of(architecture(name))) for c in s.changes) for s in found.sets]


@pytest.mark.parametrize(
    ("name", "short", "word", "first"),
    [
        ("NY2", "TB", "none", "- disp NYISO DERL"),
        ("EU2", "HC", "none", "+ coord TSO DSO s=joint"),
        ("CA0", "CG", "none", "+ coord CAISO UDC s=advisory"),
        ("EU1a", "RC", "none", "- info AGG TSO item=der_state"),
        ("CA1", "HC", "few", "+ coord CAISO DSO s=joint; - disp LSE DER1"),
        ("NY1", "TB", "few", "+ coord NYISO DSP s=joint; - disp NYISO AGG; - disp NYISO DER"),
    ],
)
def test_known_mendings(name: str, short: str, word: str, first: str) -> None:
    found = mended(name, short, word)
    assert found.size == len(found.sets[0].changes) == first.count(";") + 1
    assert said(name, found)[0] == first
    assert all(s.levels[short][1] <= found.target for s in found.sets)


def test_nothing_smaller_does_it() -> None:
    """Every single change of CA1 leaves hidden coupling at some, or nothing left of an operator's reach."""
    skeleton = skeleton_of(architecture("CA1"))
    assert mended("CA1", "HC", "few").size == 2
    reached: list[Level] = [levels(after(skeleton, c))["HC"] for c in combinations(list(changes(skeleton)), 1)]
    assert min(high for _, high in reached) > 1


def test_nothing_to_mend_and_nothing_that_mends() -> None:
    assert mended("R3", "TB", "none").size == 0
    assert (mended("R1", "TB", "none", most=2).size, mended("R1", "TB", "none").size) == (-1, 3)


def test_operators_keep_their_ders() -> None:
    """Taking TSO > AGG away would end every bypass of EU0, and leave the TSO with nothing."""
    assert mended("EU0", "TB", "none", most=1).size == -1


def test_an_agreement_takes_the_place_of_a_weaker_one() -> None:
    skeleton = skeleton_of(architecture("NY1"))
    [joint] = [c for c in changes(skeleton) if c.said(skeleton) == "+ coord NYISO DSP s=joint"]
    words = [r.strength for r in after(skeleton, [joint]).relations if r.word == "coord"]
    assert words == ["joint"]


def test_a_target_below_all_levels_is_refused() -> None:
    with pytest.raises(InvalidCase, match="level of 0 or more"):
        mend(architecture("UK1"), principle("TB"), -1)
