r"""How much reserve stops the fall of frequency after a loss: closed form, and cones for a program.

With the energy E of all masses that keep turning [MW·s], :math:`h = E/f_0`, and the deviation x downward [Hz], the centre of inertia follows

.. math:: 2h\,\dot x = P_L - D x - F \rho_F(t) - P \rho_P(t), \qquad \rho(t) = \min(1, \max(0, (t - t_d)/T_r))

RoCoF, at the first moment, is :math:`f_0 P_L / (2E)`: no reserve with a delay helps. In the end :math:`P + F \ge P_L - D\,x_\infty`. Between, the
fast services F count by their mean time of delivery :math:`\tau = t_d + T_r/2`, the slowest, P, by its ramp, and the nadir is at most Δf where

.. math:: a\,P/T_r \ge (P_L - \textstyle\sum F)^2/(4\Delta f), \qquad
          a = h - \textstyle\sum \tau_j F_j/(2\Delta f) - t_d (P_L - \textstyle\sum F)/(2\Delta f)

with :math:`\sum F \le P_L`; :math:`T_r, t_d` are those of P. Left and right make a second-order cone. It holds for any D ≥ 0 and is exact where
D = 0 and every fast service has been delivered by the nadir; docs/explanation/frequency.md has the proof.

Source: L. Badesa, F. Teng, G. Strbac, "Simultaneous scheduling of multiple frequency services in stochastic unit commitment", IEEE Trans. Power Syst.
34(5), 2019 (the cone for services without delay). Delays are derived there, in the page above.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal, final

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from gridtandem.errors import Fault, InvalidCase
from gridtandem.program.arrays import Cones, Rows
from gridtandem.tables import Index, Names, Real, Table, column

if TYPE_CHECKING:
    from gridtandem.program.arrays import Part

Nadir = Literal["cone", "refined"]
CONDITIONS: tuple[Nadir, ...] = ("cone", "refined")
ROUNDING = 1e-9  # relative; a requirement that is met to this is met
HALVINGS = 100  # of an interval: to the last digit


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How far and how fast frequency may fall."""

    f0_hz: float = 60.0
    nadir_hz: float = 1.0  # lowest point, below nominal
    rocof_hz_per_s: float = 1.0  # rate of change at the first moment
    steady_hz: float = 0.5  # where it comes to rest, below nominal
    damping_mw_per_hz: float = 0.0  # what loads draw less as frequency falls


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A reserve that waits, then grows evenly to its award."""

    ramp_s: float
    delay_s: float = 0.0
    name: str = "reserve"

    @property
    def mean_s(self) -> float:
        """Mean time of delivery: a step at this time would bring the same energy."""
        return self.delay_s + self.ramp_s / 2

    @property
    def full_s(self) -> float:
        """When all of it is there."""
        return self.delay_s + self.ramp_s

    def share(self, t: Real) -> Real:
        """How much of it is there at a time."""
        return np.clip((t - self.delay_s) / self.ramp_s, 0.0, 1.0)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Inertia(Table):
    """Losses that an hour must bear. An hour may stand in several rows, one for each loss."""

    kind: ClassVar[str] = "inertia"
    hour: Index = column("hour, counted from 1", dtype="i8", at_least=1)
    inertia_mws: Real = column("energy of the masses that keep turning after the loss", unit="MW·s")
    loss_mw: Real = column("power that is lost", unit="MW")
    lost: Names = column("unit that goes out: neither its inertia nor its reserve counts", dtype="U", default="")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Security:
    """Limits, the slowest service and the fast ones. Powers of fast services lie in a last axis, one entry for each."""

    limits: Limits = Limits()
    primary: Service = Service(ramp_s=10.0, name="primary")
    fast: tuple[Service, ...] = (Service(ramp_s=1.0, name="fast"),)
    nadir: Nadir = "cone"  # what a program holds; refined: not a bit more than the nadir asks for, see `gridtandem.frequency.refined`

    @property
    def weights(self) -> Real:
        """By how much 1 MW of each fast service lowers `stiffness`, (τ_j − t_d) / (2Δf) [s/Hz]."""
        return np.array([(s.mean_s - self.primary.delay_s) / (2 * self.limits.nadir_hz) for s in self.fast])

    def rocof(self, inertia_mws: ArrayLike, loss_mw: ArrayLike) -> Real:
        """Rate of change at the first moment [Hz/s]."""
        return self.limits.f0_hz * np.asarray(loss_mw, np.float64) / (2 * np.asarray(inertia_mws, np.float64))

    def stiffness(self, inertia_mws: ArrayLike, loss_mw: ArrayLike, fast_mw: ArrayLike) -> Real:
        """a: the inertia E/f0 less what is used up while services are on their way [MW·s/Hz]."""
        waiting = self.primary.delay_s * np.asarray(loss_mw, np.float64) / (2 * self.limits.nadir_hz)
        used = np.asarray(np.asarray(fast_mw, np.float64) @ self.weights, np.float64)
        return np.asarray(inertia_mws, np.float64) / self.limits.f0_hz - waiting - used

    def arresting(self, inertia_mws: ArrayLike, loss_mw: ArrayLike, fast_mw: ArrayLike) -> Real:
        """g(F): primary reserve that the nadir asks for [MW]; infinite where no amount would do."""
        stiff = self.stiffness(inertia_mws, loss_mw, fast_mw)
        left = np.maximum(np.asarray(loss_mw, np.float64) - np.asarray(fast_mw, np.float64).sum(-1), 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            found: Real = np.where(stiff > 0, self.primary.ramp_s * left**2 / (4 * self.limits.nadir_hz * stiff), np.inf)
        return found

    def settling(self, loss_mw: ArrayLike, fast_mw: ArrayLike) -> Real:
        """Primary reserve that the end asks for [MW]."""
        rest = self.limits.damping_mw_per_hz * self.limits.steady_hz
        found: Real = np.maximum(np.asarray(loss_mw, np.float64) - rest - np.asarray(fast_mw, np.float64).sum(-1), 0.0)
        return found

    def needed(self, inertia_mws: ArrayLike, loss_mw: ArrayLike, fast_mw: ArrayLike) -> Real:
        """Primary reserve that both ask for [MW]; `InvalidCase` with all faults where limits, services or fast reserve are none."""
        found, fast = [*self.own_faults()], np.asarray(fast_mw, np.float64)
        if len(wrong := fast[~(fast >= -ROUNDING)]):
            found.append(Fault("services", f"is {wrong[0]:g} MW", "give fast reserve of 0 MW or more", "frequency-087", column="fast_mw"))
        if found:
            raise InvalidCase(found)
        return np.maximum(self.arresting(inertia_mws, loss_mw, fast_mw), self.settling(loss_mw, fast_mw))

    def replaced(self, inertia_mws: ArrayLike, loss_mw: ArrayLike, fast_mw: ArrayLike) -> Real:
        """−∂g/∂F_j: primary reserve in whose place 1 MW more of each fast service stands; NaN where g is infinite."""
        stiff = self.stiffness(inertia_mws, loss_mw, fast_mw)[..., None]
        left = np.maximum(np.asarray(loss_mw, np.float64) - np.asarray(fast_mw, np.float64).sum(-1), 0.0)[..., None]
        with np.errstate(divide="ignore", invalid="ignore"):
            share = left / np.where(stiff > 0, stiff, np.nan)
        return np.asarray(self.primary.ramp_s / (4 * self.limits.nadir_hz) * (2 * share - share**2 * self.weights), np.float64)

    def blocks(self, inertia: Inertia, primary: Mapping[str, Part], fast: Sequence[Mapping[str, Part]]) -> tuple[dict[str, Rows], dict[str, Cones]]:
        """Rows `steady` and `within` and cones `nadir` of a `gridtandem.program.arrays.Program`, one for each row of ``inertia``.

        ``primary``, and ``fast`` for each fast service, say how the reserve that counts in each row follows from blocks of columns [MW].
        """
        if len(fast) != len(self.fast):
            raise ValueError(f"{len(fast)} maps for {len(self.fast)} fast services")
        many, lim, loss = len(inertia), self.limits, inertia.loss_mw
        root = np.sqrt(lim.nadir_hz)
        stiff = self.stiffness(inertia.inertia_mws, loss, np.zeros((many, len(self.fast))))
        entries = [np.array([1.0, 0.0, -1.0]) / self.primary.ramp_s, *(np.array([-w, -1 / root, -w]) for w in self.weights)]
        cone = summed([(m, -e[:, None]) for m, e in zip([primary, *fast], entries, strict=True)])
        one = np.ones((1, 1))
        rows = {"steady": Rows.of(many, loss - lim.damping_mw_per_hz * lim.steady_hz, np.inf, summed([(m, one) for m in (primary, *fast)]))}
        if fast:
            rows["within"] = Rows.of(many, -np.inf, loss, summed([(m, one) for m in fast]))
        return rows, {"nadir": Cones.of((many, 3), cone, np.column_stack([stiff, loss / root, stiff]))}

    def faults(self, inertia: Inertia, primary_mw: ArrayLike = np.inf, fast_mw: ArrayLike = 0.0) -> Iterator[Fault]:
        """Everything that no schedule could mend, with its hour: numbers, RoCoF, and losses beyond all reserve there is.

        ``primary_mw`` and ``fast_mw`` are the most that can be had in each row, of all services together where there are several fast ones.
        """
        yield from self.own_faults()
        for row in range(len(inertia)):
            yield from self._row_faults(inertia, row, *(float(np.broadcast_to(x, len(inertia))[row]) for x in (primary_mw, fast_mw)))

    def require(self, inertia: Inertia, primary_mw: ArrayLike = np.inf, fast_mw: ArrayLike = 0.0) -> None:
        """Nothing, or `InvalidCase` with all faults."""
        if found := tuple(self.faults(inertia, primary_mw, fast_mw)):
            raise InvalidCase(found)

    def own_faults(self) -> Iterator[Fault]:
        """What is wrong with limits and services, whatever the hours."""
        lim = self.limits
        positive = {"f0_hz": lim.f0_hz, "nadir_hz": lim.nadir_hz, "rocof_hz_per_s": lim.rocof_hz_per_s, "steady_hz": lim.steady_hz}
        for name, value in positive.items():
            if not 0 < value < np.inf:
                yield Fault("limits", f"is {value:g}", "give a finite number above 0", "frequency-001", column=name)
        if 0 < lim.f0_hz <= lim.nadir_hz < np.inf:
            what = f"is {lim.nadir_hz:g} Hz below a nominal frequency of {lim.f0_hz:g}"
            yield Fault("limits", what, "give how far frequency may fall, less than all of it", "frequency-086", column="nadir_hz")
        if not 0 <= lim.damping_mw_per_hz < np.inf:
            yield Fault("limits", f"is {lim.damping_mw_per_hz:g}", "give 0 or more", "frequency-002", column="damping_mw_per_hz")
        if self.nadir not in CONDITIONS:
            yield Fault("limits", f"is {self.nadir!r}", f"take one of {', '.join(CONDITIONS)}", "frequency-080", column="nadir")
        if self.nadir == "refined":
            from gridtandem.frequency.refined import unrefined

            yield from unrefined(self)
        if lim.steady_hz > lim.nadir_hz:
            what = f"is {lim.steady_hz:g} Hz, below the nadir of {lim.nadir_hz:g}"
            yield Fault("limits", what, "let frequency rest at its lowest point or above", "frequency-003", column="steady_hz")
        for service in (*self.fast, self.primary):
            if not (0 < service.ramp_s < np.inf and 0 <= service.delay_s < np.inf):
                what = f"has a delay of {service.delay_s:g} s and a ramp of {service.ramp_s:g} s"
                yield Fault("services", what, "give a delay of 0 or more and a ramp above 0", "frequency-004", label=service.name)
            elif service.full_s > self.primary.full_s:
                what = f"is there after {service.full_s:g} s, {self.primary.name} reserve after {self.primary.full_s:g} s"
                yield Fault("services", what, "the slowest service is the primary one; exchange them", "frequency-005", label=service.name)

    def _row_faults(self, table: Inertia, row: int, primary: float, fast: float) -> Iterator[Fault]:
        energy, loss = float(table.inertia_mws[row]), float(table.loss_mw[row])
        label = f"hour {table.hour[row]}" + (f", {table.lost[row]}" if table.lost[row] else "")

        def fault(what: str, mend: str, code: str, name: str) -> Fault:
            return Fault(table.kind, what, mend, code, column=name, row=row, label=label)

        if not 0 < energy < np.inf:
            yield fault(f"is {energy:g} MW·s", "give the energy of the masses that keep turning, above 0", "frequency-006", "inertia_mws")
        if not 0 <= loss < np.inf:
            yield fault(f"is {loss:g} MW", "give the power that is lost, above 0", "frequency-007", "loss_mw")
        if not (0 < energy < np.inf and 0 <= loss < np.inf) or any(self.own_faults()):
            return
        if (rate := float(self.rocof(energy, loss))) > self.limits.rocof_hz_per_s * (1 + ROUNDING):
            least = self.limits.f0_hz * loss / (2 * self.limits.rocof_hz_per_s)
            what = f"lets frequency fall by {rate:.4g} Hz/s at first, more than {self.limits.rocof_hz_per_s:g}"
            yield fault(what, f"{least:,.0f} MW·s would do, or a smaller loss; no reserve helps here", "frequency-008", "inertia_mws")
        if (short := float(self.settling(loss, [0.0])) - primary - fast) > ROUNDING * loss:
            what = f"of {loss:g} MW is {short:.4g} MW more than all reserve there is can replace"
            yield fault(what, "commit more reserve, or keep the largest unit lower", "frequency-009", "loss_mw")
        elif (least := _least(self, energy, loss, fast)) > primary * (1 + ROUNDING):
            what = f"of {loss:g} MW asks for {least:,.2f} MW of {self.primary.name} reserve, and there are {primary:,.2f}"
            yield fault(what, "commit more reserve or inertia, keep the largest unit lower, or add fast reserve", "frequency-010", "loss_mw")


def hours_wrong(table: Inertia) -> Iterator[Fault]:
    """Hours whose numbers ask nothing or cannot be: no masses that turn, nothing to lose. What limits say is told hour by hour."""
    yield from Security(limits=Limits(rocof_hz_per_s=1e9)).faults(table)
    for row in np.flatnonzero(table.loss_mw == 0).tolist():
        label, mend = f"hour {table.hour[row]}", "give the power that is lost, above 0, or leave the hour out of the study"
        yield Fault(table.kind, "is 0 MW", mend, "frequency-007", column="loss_mw", row=row, label=label)


def _least(security: Security, energy: float, loss: float, fast: float) -> float:
    """Primary reserve that no use of the fast services avoids: g of the fastest alone, convex in F, at its least; what is exact falls with F."""
    if security.nadir == "refined":
        from gridtandem.frequency.refined import needed

        all_of_it = float(needed(security, energy, loss, [min(fast, loss)]))
        return min(all_of_it, _least(replace(security, nadir="cone"), energy, loss, fast))
    if not security.fast:
        return float(security.arresting(energy, loss, np.empty(0)))
    alone = Security(limits=security.limits, primary=security.primary, fast=(min(security.fast, key=lambda s: s.mean_s),))
    low, high = 0.0, min(fast, loss)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        falling = float(alone.replaced(energy, loss, [middle])[0]) > 0  # NaN where g is infinite, which is beyond the least
        low, high = (middle, high) if falling else (low, middle)
    return float(alone.arresting(energy, loss, [low if high < min(fast, loss) else min(fast, loss)]))


def summed(terms: Sequence[tuple[Mapping[str, Part], Real]]) -> dict[str, sparse.csr_array]:
    """Σ of maps, each row of which stands for as many rows as its factor has."""
    found: dict[str, sparse.csr_array] = {}
    for blocks, factor in terms:
        for name, part in blocks.items():
            matrix = part if sparse.issparse(part) else np.atleast_2d(np.asarray(part, np.float64))
            grown = sparse.csr_array(sparse.kron(sparse.csr_array(matrix), factor))
            found[name] = found[name] + grown if name in found else grown
    return found
