"""One look for all pictures: tier colours, colour maps with fixed centres, and files that are the same bytes twice.

matplotlib is loaded when a picture is made, through `Figure` objects only: no window, no global state. Shape or label always doubles colour.
"""

from __future__ import annotations

import functools
import io
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from gridtandem.errors import UnknownName

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import LinearSegmentedColormap, Normalize
    from matplotlib.figure import Figure
    from matplotlib.text import Text

P = ParamSpec("P")
R = TypeVar("R")

INK, MUTED, FAINT, CARD = "#14202b", "#5b6b7a", "#c9d1d9", "#ffffff"
TSO, DSO, DER = "#2356a8", "#0f7f6c", "#a8581c"
WARN, OK = "#b3261e", "#1c7c45"
SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#14202b")  # Okabe–Ito, readable on white
MARKS = ("o", "s", "^", "D", "v", "P", "X")
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (3, 3)), (0, (1, 1)))
SCHEME_LOOKS = {  # the same look in every picture
    "independent": 1, "load-flow": 0, "response": 2, "merged": 6, "anderson": 3, "feeder-curve": 4, "boundary-newton": 5,
    "independent-opf": 1, "hgd": 0, "copf": 2, "central": 6, "hgd-slope": 3, "admm": 4, "hgd-plain": 5,
    "joint-reserve": 6, "joint-reserve-strategic": 0, "joint-reserve-price-taker": 1,
}  # fmt: skip

NARROW, WIDE = 3.5, 7.2  # inches: one column of a journal, and two
VOLTAGE_BAND = 0.1  # pu on both sides of 1.0 that the voltage colours span
BALANCE = ("#1b3a6b", "#4f86c6", "#eef1f4", "#d98b5f", "#8c2d19")  # below, centre, above; told apart by all common colour visions


@contextmanager
def look() -> Iterator[None]:
    """The style sheet, for as long as a picture is made."""
    import matplotlib as mpl

    with as_file(files("gridtandem.report") / "gridtandem.mplstyle") as sheet, mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(mpl.rc_params_from_file(sheet, use_default_template=False))
        yield


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """A drawing function whose axes and texts are born in our style."""

    @functools.wraps(draw)
    def _inside(*args: P.args, **kwargs: P.kwargs) -> R:
        with look():
            return draw(*args, **kwargs)

    return _inside


def new_figure(width: float = WIDE, height: float = 4.0) -> Figure:
    """An empty figure that keeps its labels inside."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def voltage_colours() -> tuple[LinearSegmentedColormap, Normalize]:
    """Voltage: diverging, centred at 1.0 pu, with fixed ends, so that two pictures can be compared."""
    from matplotlib.colors import LinearSegmentedColormap, Normalize

    return LinearSegmentedColormap.from_list("gridtandem.voltage", BALANCE), Normalize(1 - VOLTAGE_BAND, 1 + VOLTAGE_BAND)


def series_look(name: str, place: int) -> tuple[str, str, object]:
    """Colour, mark and dash of a scheme; known schemes look alike everywhere, others take what is left in order."""
    k = SCHEME_LOOKS.get(name, (4, 5)[place % 2])
    return SERIES[k], MARKS[k], DASHES[k]


def caption(axes: Axes, text: str) -> None:
    """What is held fixed, in small grey letters below the title."""
    axes.annotate(text, (0, 1), (0, 2), xycoords="axes fraction", textcoords="offset points", fontsize=6.5, color=MUTED, va="bottom")


def short(name: str, most: int = 16) -> str:
    """A name that fits beside a mark."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


def halo(text: Text) -> None:
    """Letters that stay readable on a line."""
    from matplotlib.patheffects import withStroke

    text.set_path_effects([withStroke(linewidth=2, foreground=CARD)])


def end_labels(axes: Axes, labels: Sequence[tuple[float, float, str, str]], *, gap: float = 8.5) -> None:
    """Names at the ends (x, y, text, colour) of lines, pushed apart where they would meet, ``gap`` points from one to the next."""
    from matplotlib.figure import Figure

    if isinstance(axes.figure, Figure):
        axes.figure.draw_without_rendering()
    place = [(axes.transData.transform((x, y)), text, colour, (x, y)) for x, y, text, colour in labels]
    below = -math.inf
    for (_, y), text, colour, end in sorted(place, key=lambda p: (p[0][1], p[1])):
        points = y * 72 / axes.figure.dpi
        lifted = max(points, below + gap)
        below = lifted
        note = axes.annotate(
            text, end, (5, lifted - points), textcoords="offset points", va="center", fontsize=7, color=colour, annotation_clip=False
        )
        halo(note)


def svg(figure: Figure) -> str:
    """The figure as SVG text; the same figure gives the same text."""
    return _bytes(figure, "svg").decode("utf-8")


def save(figure: Figure, path: str | Path) -> Path:
    """Write a picture; the suffix says how: .svg, .pdf or .png. The same figure gives the same bytes."""
    path = Path(path)
    kind = path.suffix.removeprefix(".").lower()
    if kind not in ("svg", "pdf", "png"):
        raise UnknownName("picture format", kind or "(no suffix)", ["svg", "pdf", "png"])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_bytes(figure, kind))
    return path


def _bytes(figure: Figure, kind: str) -> bytes:
    out = io.BytesIO()
    undated: dict[str, dict[str, None]] = {"svg": {"Date": None, "Creator": None}, "pdf": {"CreationDate": None, "Creator": None, "Producer": None}}
    with look():
        figure.savefig(out, format=kind, metadata=undated.get(kind, {"Software": None}))
    return out.getvalue()
