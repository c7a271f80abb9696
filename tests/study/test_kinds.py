"""Which kind of study schemes belong to, also where two kinds call one of theirs alike."""

import pytest

from gridtandem.errors import Unreadable
from gridtandem.study.kinds import DISPATCH, FLOW, KINDS, MARKET, Kind, kind_for


@pytest.mark.parametrize(
    ("schemes", "kind"),
    [
        ([], FLOW),
        (["independent", "response"], FLOW),
        (["central"], DISPATCH),
        (["central", "independent"], DISPATCH),
        (["independent", "central", "copf"], DISPATCH),
        (["central", "strategic"], MARKET),
        (["price-taker", "ideal", "central"], MARKET),
    ],
)
def test_a_word_of_two_kinds_is_taken_as_its_company_is(schemes: list[str], kind: Kind) -> None:
    assert kind_for(schemes, {}) is kind


@pytest.mark.parametrize("schemes", [["copf", "strategic"], ["response", "central"], ["independent", "central", "strategic"]])
def test_kinds_are_not_mixed(schemes: list[str]) -> None:
    with pytest.raises(Unreadable, match="name schemes of one kind"):
        kind_for(schemes, {})


def test_aliases_are_schemes_of_their_kind_and_names_of_another() -> None:
    for kind in KINDS:
        for word, scheme in kind.alias.items():
            assert scheme in kind.schemes()
            assert any(word in other.schemes() for other in KINDS if other is not kind)
