"""Largest loading: the two-bus formula, published margins, and what it is for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridtandem.cases.library import network
from gridtandem.flow.draw import Draw
from gridtandem.flow.loadability import largest_loading
from gridtandem.flow.newton import Newton
from gridtandem.grid.nodal import Nodal
from tests.flow.networks import two_buses
from tests.tolerances import NOSE, NOSE_EXACT


@given(st.floats(0.02, 0.5), st.floats(0.0, 1.5), st.floats(0.95, 1.05))
@settings(max_examples=15, deadline=None)
def test_two_buses_carry_what_the_formula_says(x, tangent, e):
    r"""P_max = E² (√(1 + t²) − t) / (2X) for a load P (1 + jt) behind E and jX, from E⁴/4 − E² Q X − X² P² ≥ 0."""
    p_max = 100 * e**2 * (np.sqrt(1 + tangent**2) - tangent) / (2 * x)
    net = two_buses(x_pu=x, p_mw=p_max, q_mvar=tangent * p_max)
    found = largest_loading(Newton.of(Nodal.of(net)), fixed_v=np.array([e + 0j]), ceiling=2.0)
    assert abs(found - 1) <= NOSE_EXACT


@pytest.mark.parametrize(("name", "margin"), [("case14", 3.0603), ("case118", 2.1871)])
def test_margins_of_the_ieee_systems(name, margin):
    """Loads and generation times 1 + margin, no reactive limits; from a continuation load flow."""
    assert abs(largest_loading(Newton.of(Nodal.of(network(name))), ceiling=10.0) - 1 - margin) <= NOSE


def test_margin_of_ieee_30():
    """A continuation of finite steps gave 1.9586; loads times 2.9588 have a solution all the same, so the margin is at least that."""
    newton = Newton.of(Nodal.of(network("case_ieee30")))
    found = largest_loading(newton, ceiling=10.0)
    assert abs(found - 2.95881) <= NOSE


def test_margin_when_only_the_reference_generates_more():
    found = largest_loading(Newton.of(Nodal.of(network("case14"))), ceiling=10.0, generation="stays")
    assert abs(found - 1 - 3.0045) <= NOSE


def test_a_network_that_carries_its_load_carries_all_of_it():
    assert largest_loading(Newton.of(Nodal.of(network("case14")))) == 1.0


def test_a_network_that_cannot_carry_its_load_says_how_much_it_can():
    found = largest_loading(Newton.of(Nodal.of(two_buses(x_pu=0.1, p_mw=1000.0, q_mvar=0.0))))
    assert abs(found - 0.5) <= NOSE_EXACT


def test_no_load_flow_at_any_loading_is_not_a_number():
    newton = Newton.of(Nodal.of(two_buses()))
    heavy = Draw(node=np.array([1]), low=np.array([0.5]), high=np.array([1.5]), c=np.array([[30.0 + 0j]]))
    assert np.isnan(largest_loading(newton, draw=heavy))
