"""Transformers that regulate: a dispatch reckons with their ratios as the tables put them, and so does its AC check."""

from __future__ import annotations

import numpy as np

import gridtandem as gt
from gridtandem.grid.elements import FIXED
from gridtandem.schemes.copf import Copf
from gridtandem.study.dispatch.run import dispatch
from gridtandem.study.dispatch.study import DispatchStudy
from tests.tolerances import DISPATCH_VOLTAGE


def test_a_regulating_transformer_stays_where_the_dispatch_has_it() -> None:
    case = gt.case("ieee14-regulation")
    assert any((m.transformers.control != FIXED).any() for m in case.models), "nothing regulates here"
    found = dispatch(DispatchStudy(case=case, scheme=Copf()))
    np.testing.assert_allclose(found.tables.checks.voltage_error_pu, 0, atol=DISPATCH_VOLTAGE)
    assert not found.contradicted
