"""What a case and a network say of themselves."""

from __future__ import annotations

import gridtandem as gt


def test_a_case_prints_in_one_line() -> None:
    assert repr(gt.case("14A")) == str(gt.case("14A")) == "Case 14A: 14 + 46 buses, 2 interfaces, companies: dso-10, dso-13"
    assert repr(gt.case("ieee14")) == "Case ieee14: 14 buses"


def test_a_network_prints_in_one_line() -> None:
    said = "Network ieee14: buses 14, lines 17, transformers 3, loads 11, generators 5, shunts 1, costs 10"
    assert repr(gt.network("ieee14")) == str(gt.network("ieee14")) == said
