"""Where things stand in pictures: inside the box, apart, the same every time."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gridtandem.report.flow.layout import STRESS_MOST, mesh, tree
from tests.tolerances import ON_SCREEN


@st.composite
def trees(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Branches of a random tree, ends in either order."""
    size = draw(st.integers(2, 25))
    parent = np.array([draw(st.integers(0, k - 1)) for k in range(1, size)])
    child = np.arange(1, size)
    turned = np.array(draw(st.lists(st.booleans(), min_size=size - 1, max_size=size - 1)))
    return np.where(turned, child, parent), np.where(turned, parent, child)


@given(trees())
def test_no_two_buses_of_a_feeder_share_a_place(branches: tuple[np.ndarray, np.ndarray]) -> None:
    start, end = branches
    place = tree(len(start) + 1, start, end, 0)
    assert len(np.unique(place, axis=0)) == len(place)


@given(trees())
def test_a_feeder_hangs_down_one_level_per_branch(branches: tuple[np.ndarray, np.ndarray]) -> None:
    start, end = branches
    place = tree(len(start) + 1, start, end, 0)
    assert place[0].tolist() == [0.0, 0.0]
    assert (np.abs(place[start, 1] - place[end, 1]) == 1).all()
    assert (place[:, 0] >= 0).all()


@given(trees())
def test_a_mesh_fills_its_box_and_repeats_itself(branches: tuple[np.ndarray, np.ndarray]) -> None:
    start, end = branches
    place = mesh(len(start) + 1, start, end)
    assert (place >= 0).all()
    assert (place <= 1).all()
    assert place.tobytes() == mesh(len(start) + 1, start, end).tobytes()


def test_a_ring_is_drawn_as_a_ring() -> None:
    """Neighbours are nearest, and all as far apart as the others."""
    k = np.arange(12)
    place = mesh(12, k, (k + 1) % 12)
    radius = np.linalg.norm(place - 0.5, axis=1)
    assert radius.min() > 0.9 * radius.max()


def test_large_meshes_and_islands_are_placed_too() -> None:
    size = STRESS_MOST + 100
    k = np.arange(size - 3)
    place = mesh(size, k, k + 1)  # a line, and two buses by themselves
    assert np.isfinite(place).all()
    assert np.ptp(place[:, 0]) == 1
    assert np.abs(mesh(2, np.array([0]), np.array([1])) - [[0, 0.5], [1, 0.5]]).max() <= ON_SCREEN
