"""Pictures of the README and of how-to pages are what is drawn today."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.image import imread

from tests.tolerances import INK
from tools import reach_picture
from tools.readme_picture import PICTURE, drawn


def test_the_picture_of_the_readme_is_up_to_date(tmp_path: Path) -> None:
    """Pixels, since a newer font engine may move an edge by a shade: `python -m tools.readme_picture` draws it anew."""
    shown, now = imread(PICTURE), imread(drawn(tmp_path / "now.png"))
    assert shown.shape == now.shape
    assert np.mean(np.abs(shown - now)) <= INK


def test_the_picture_of_what_a_feeder_can_exchange_is_up_to_date(tmp_path: Path) -> None:
    """`python -m tools.reach_picture` draws it anew."""
    shown, now = imread(reach_picture.PICTURE), imread(reach_picture.drawn(tmp_path / "now.png"))
    assert shown.shape == now.shape
    assert np.mean(np.abs(shown - now)) <= INK
