"""Lines, transformers, impedances and switches of a pandapower file, as its load flow takes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, final

import numpy as np

from gridtandem.cases.pandapower.frames import Book, Frame
from gridtandem.tables import Complex, Flag, Index, Real

INF: Final = float("inf")


@final
@dataclass(slots=True)
class Ends:
    """Buses, those of the file and those added at the open end of a branch; shunts that branches leave at their ends."""

    name: list[str]
    kv: list[float]
    live: list[bool]
    ties: list[tuple[str, int, int, bool]] = field(default_factory=list)
    shunts: list[tuple[str, int, float, float, bool]] = field(default_factory=list)  # name, bus, MW, Mvar, live
    notes: list[str] = field(default_factory=list)

    def open_end(self, name: str, bus: int, *, live: bool) -> int:
        """A bus of its own behind an open switch, so that a cable keeps its charging and a transformer its magnetising power."""
        at = f"{name} open at {self.name[bus]}"
        self.name.append(at)
        self.kv.append(self.kv[bus])
        self.live.append(live)
        self.ties.append((at, bus, len(self.name) - 1, False))
        return len(self.name) - 1

    def shunt(self, name: str, bus: int, s: complex, *, live: bool) -> None:
        """Power drawn at 1 per unit: MW + j Mvar."""
        if s != 0:
            self.shunts.append((name, bus, s.real, -s.imag, live))


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Series:
    """Branches of one kind, with their ends after open switches are seen to."""

    name: list[str]
    start: Index
    end: Index
    closed: Flag


def bus_switches(book: Book, ends: Ends) -> None:
    """Bus-bus switches become ties."""
    frame = book.frame("switch")
    frame = frame.where(np.array([et == "b" for et in frame.text("et")], bool))
    a, b, closed = frame.rows("bus", book.frame("bus")), frame.rows("element", book.frame("bus")), frame.flag("closed", usual=True)
    for row in np.flatnonzero((frame.number("z_ohm", 0.0) > 0) & closed).tolist():
        frame.fault(row, "z_ohm", "is above 0, so the switch has an impedance", "replace it by a line, or set z_ohm = 0", code="case-146")
    names = frame.names()
    ends.ties += [(names[k], int(a[k]), int(b[k]), bool(closed[k])) for k in range(len(frame)) if a[k] != b[k]]


def series(book: Book, frame: Frame, ends: Ends, columns: tuple[str, str], et: str) -> Series:
    """Branches of one table; one with an open switch at one end hangs there on a bus of its own, one with two is open."""
    start, end, live = frame.rows(columns[0], book.frame("bus")), frame.rows(columns[1], book.frame("bus")), frame.flag("in_service", usual=True)
    names, switch = frame.names(), book.frame("switch")
    mine = switch.where(np.array([kind == et for kind in switch.text("et")], bool))
    element, at, closed = mine.rows("element", frame), mine.rows("bus", book.frame("bus")), mine.flag("closed", usual=True)
    opened: dict[int, set[int]] = {}
    for k, row in enumerate(element.tolist() if len(frame) else ()):
        if at[k] not in (start[row], end[row]):
            mine.fault(k, "bus", f"is no end of {frame.kind} {frame.index[row]}", "name one of its buses", code="case-143")
        elif not closed[k]:
            opened.setdefault(row, set()).add(int(at[k]))
    if closed.any():
        ends.notes.append(f"{int(closed.sum())} closed switches at the ends of a {frame.kind} are not kept; they change no load flow")
    for row, buses in sorted(opened.items()):
        other = {int(start[row]), int(end[row])} - buses
        if not other or not live[row]:
            live[row] = False
        elif start[row] in buses:
            start[row] = ends.open_end(names[row], int(start[row]), live=ends.live[other.pop()])
        else:
            end[row] = ends.open_end(names[row], int(end[row]), live=ends.live[other.pop()])
    return Series(name=names, start=start, end=end, closed=live)


def line_columns(book: Book, ends: Ends, frequency: float) -> dict[str, object]:
    r"""Lines: totals of all parallel systems; conductance goes to shunts at both ends.

    .. math:: b = 2 \pi f c \ell n, \qquad S = \sqrt 3 \, U_n I_{max} \, df \, n \cdot \text{max\_loading}
    """
    frame = book.frame("line")
    between = series(book, frame, ends, ("from_bus", "to_bus"), "l")
    length, systems = frame.number("length_km"), _systems(frame)
    kv = np.array(ends.kv)[between.start]
    g_us = frame.number("g_us_per_km", 0.0) * length * systems
    rating = np.sqrt(3) * kv * frame.number("max_i_ka", INF) * frame.number("df", 1.0) * systems * frame.number("max_loading_percent", 100.0) / 100
    columns: dict[str, object] = {
        "name": between.name, "from_bus": between.start, "to_bus": between.end, "closed": between.closed,
        "r_ohm": frame.number("r_ohm_per_km") * length / systems, "x_ohm": frame.number("x_ohm_per_km") * length / systems,
        "b_us": 2 * np.pi * frequency * frame.number("c_nf_per_km", 0.0) * 1e-3 * length * systems, "rating_mva": rating,
    }  # fmt: skip
    for k in np.flatnonzero(g_us).tolist():
        for bus in (int(between.start[k]), int(between.end[k])):
            drawn = complex(g_us[k] * 1e-6 * kv[k] ** 2 / 2)
            ends.shunt(f"{between.name[k]} conductance at {ends.name[bus]}", bus, drawn, live=bool(between.closed[k]))
    return columns


def _systems(frame: Frame) -> Real:
    systems = frame.number("parallel", 1.0)
    for row in np.flatnonzero(~(systems >= 1)).tolist():
        frame.fault(row, "parallel", f"is {systems[row]:g}", "give 1 or more")
    return np.where(systems >= 1, systems, 1.0)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Ratio:
    """No-load voltages after the tap changer, and the angle. [kV, degrees]"""

    high: Real
    low: Real
    shift: Real


def tapped(frame: Frame, position: Real) -> Ratio:
    r"""Taps add :math:`\Delta u\, e^{j\alpha}` to the winding (ratio, symmetrical), or turn its angle only (ideal).

    pandapower 3, "Transformer": :math:`u' = |u (1 + n\,s\,e^{j\alpha})|`; an ideal changer turns by :math:`n \cdot` tap_step_degree, or by
    :math:`2 \arcsin(n\,s / 2)`. A position without a type of changer has no effect.
    """
    high, low, shift = frame.number("vn_hv_kv"), frame.number("vn_lv_kv"), frame.number("shift_degree", 0.0)
    step, degree = frame.number("tap_step_percent", 0.0) / 100, frame.number("tap_step_degree", 0.0)
    moved = position - frame.number("tap_neutral", 0.0)
    kinds, sides = np.array(frame.text("tap_changer_type"), dtype=str), np.array(frame.text("tap_side"), dtype=str)
    ideal, ratio = kinds == "Ideal", np.isin(kinds, ("Ratio", "Symmetrical"))
    turn = np.where(degree != 0, moved * degree, 2 * np.degrees(np.arcsin(moved * step / 2)))
    factor = 1 + moved * step * np.exp(1j * np.radians(degree))
    for side, direction in (("hv", 1.0), ("lv", -1.0)):
        shift = shift + np.where(ideal & (sides == side), direction * turn, 0.0)
        shift = shift + np.where(ratio & (sides == side), direction * np.degrees(np.arctan(factor.imag / factor.real)), 0.0)
    return Ratio(
        high=np.where(ratio & (sides == "hv"), high * abs(factor), high), low=np.where(ratio & (sides == "lv"), low * abs(factor), low), shift=shift
    )


def transformer_columns(book: Book, ends: Ends) -> dict[str, object]:
    """Two-winding transformers on their own rating, in pandapower's T model turned into its exact equivalent pi.

    The pi keeps its susceptance in the table; conductance, and what differs between the ends, become shunts, the one at the tapped side seen
    through the ratio. So nothing is approximated.
    """
    frame = book.frame("trafo")
    _refuse_tables(frame)
    between = series(book, frame, ends, ("hv_bus", "lv_bus"), "t")
    at, base = tapped(frame, frame.number("tap_pos", 0.0)), frame.number("sn_mva") * _systems(frame)
    kv = np.array(ends.kv)
    nominal = kv[between.start] / kv[between.end]
    ratio = at.high / at.low / nominal
    z, y_high, y_low = _pi(frame, (at.low / kv[between.end]) ** 2)
    rating = base * frame.number("df", 1.0) * frame.number("max_loading_percent", 100.0) / 100
    _leave_shunts(ends, between, Pi(base, ratio, y_high, y_low))
    low, high, steps = _range(frame, ratio, nominal)
    return {
        "name": between.name, "from_bus": between.start, "to_bus": between.end, "closed": between.closed, "base_mva": base,
        "r_pu": z.real, "x_pu": z.imag, "b_pu": (y_high + y_low).imag, "ratio": ratio, "shift_deg": at.shift, "rating_mva": rating,
        "ratio_low": low, "ratio_high": high, "steps": steps,
    }  # fmt: skip


@final
@dataclass(frozen=True, slots=True, eq=False)
class Pi:
    """Shunt admittances at the ends of branches, per unit on ``base``; the one at the from side lies behind ``ratio``."""

    base: Real
    ratio: Real
    start: Complex
    end: Complex


def _leave_shunts(ends: Ends, between: Series, pi: Pi) -> None:
    """What a common susceptance b/2 at both ends does not cover."""
    half = 0.5j * (pi.start + pi.end).imag
    for k in np.flatnonzero((pi.start != 0) | (pi.end != 0)).tolist():
        for bus, y in ((int(between.start[k]), (pi.start[k] - half[k]) / pi.ratio[k] ** 2), (int(between.end[k]), pi.end[k] - half[k])):
            ends.shunt(f"{between.name[k]} at {ends.name[bus]}", bus, complex(np.conj(y) * pi.base[k]), live=bool(between.closed[k]))


def _pi(frame: Frame, square: Real) -> tuple[Complex, Complex, Complex]:
    r"""Series impedance and shunt admittances of the T model, on the rating of one transformer and the nominal voltage of the low side.

    Star to delta: with legs :math:`z_a, z_b` and magnetising branch :math:`z_c = 1/y`, and :math:`s = z_a z_b + (z_a + z_b) z_c`,

    .. math:: z_{ab} = s / z_c, \qquad y_a = z_b / s, \qquad y_b = z_a / s

    Source: pandapower 3 documentation, "Transformer"; any text on networks.
    """
    rated = frame.number("sn_mva")
    size, r = frame.number("vk_percent") / 100 * square, frame.number("vkr_percent") / 100 * square
    z = r + 1j * np.sign(size) * np.sqrt(np.maximum(size**2 - r**2, 0.0))
    loss = frame.number("pfe_kw", 0.0) * 1e-3 / rated
    y = (loss - 1j * np.sqrt(np.maximum((frame.number("i0_percent", 0.0) / 100) ** 2 - loss**2, 0.0))) / square
    part_r, part_x = frame.number("leakage_resistance_ratio_hv", 0.5), frame.number("leakage_reactance_ratio_hv", 0.5)
    a = z.real * part_r + 1j * z.imag * part_x
    b = z - a
    s = a * b * y + z  # s·y of the formula
    return np.asarray(s), np.asarray(b * y / s), np.asarray(a * y / s)


def _refuse_tables(frame: Frame) -> None:
    """Tap changers that no column here can hold."""
    for row in np.flatnonzero(frame.flag("tap_dependency_table", usual=False)).tolist():
        frame.fault(row, "tap_dependency_table", "makes impedance and ratio depend on a table", "set it to false with fixed values", code="case-146")
    for row, kind in enumerate(frame.text("tap_changer_type")):
        if kind not in ("", "Ratio", "Symmetrical", "Ideal"):
            frame.fault(row, "tap_changer_type", f"is {kind!r}", "use Ratio, Symmetrical or Ideal", code="case-146")
    second = frame.number("tap2_pos", 0.0) != frame.number("tap2_neutral", 0.0)
    for row in np.flatnonzero(second & (np.array(frame.text("tap2_changer_type"), dtype=str) != "")).tolist():
        frame.fault(row, "tap2_pos", "moves a second tap changer", "put its effect into vn_hv_kv or vn_lv_kv", code="case-146")


def _range(frame: Frame, ratio: Real, nominal: Real) -> tuple[Real, Real, Index]:
    """Ratios at the ends of the tap changer, and the steps between them; the present ratio always lies within."""
    first, last = frame.number("tap_min", 0.0), frame.number("tap_max", 0.0)
    ends = [(t.high / t.low / nominal) for t in (tapped(frame, first), tapped(frame, last))]
    movable = np.isin(frame.text("tap_changer_type"), ("Ratio", "Symmetrical")) & (first < last) & (ends[0] > 0) & (ends[1] > 0)
    low = np.where(movable, np.minimum(ends[0], ends[1]), 0.9)
    high = np.where(movable, np.maximum(ends[0], ends[1]), 1.1)
    return np.minimum(low, ratio), np.maximum(high, ratio), np.where(movable, np.clip(last - first, 1, 1e6), 32).astype(np.int64)


def impedance_columns(book: Book, ends: Ends) -> dict[str, object]:
    """Impedances become transformers without ratio, on their own base; only those equal in both directions."""
    frame = book.frame("impedance")
    between = series(book, frame, ends, ("from_bus", "to_bus"), "i")
    base, r, x = frame.number("sn_mva"), frame.number("rft_pu"), frame.number("xft_pu")
    for row in np.flatnonzero((r != frame.number("rtf_pu")) | (x != frame.number("xtf_pu"))).tolist():
        frame.fault(row, "rtf_pu", "differs between the two directions", "give one impedance for both", code="case-146")
    start = frame.number("gf_pu", 0.0) + 1j * frame.number("bf_pu", 0.0)
    end = frame.number("gt_pu", 0.0) + 1j * frame.number("bt_pu", 0.0)
    _leave_shunts(ends, between, Pi(base, np.ones(len(frame)), start, end))
    return {
        "name": between.name, "from_bus": between.start, "to_bus": between.end, "closed": between.closed, "base_mva": base,
        "r_pu": r, "x_pu": x, "b_pu": (start + end).imag,
    }  # fmt: skip
