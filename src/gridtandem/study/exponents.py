r"""How load exponents shape what crosses the boundary: coordinated against independent load flows, and the feeders' equivalent exponents.

A feeder seen from its transmission bus behaves, near a voltage V, like one load with the equivalent exponents

.. math:: n_P = \frac{\mathrm{d}P}{\mathrm{d}V}\,\frac{V}{P}, \qquad n_Q = \frac{\mathrm{d}Q}{\mathrm{d}V}\,\frac{V}{Q}

which follow from its `Response` letter. Constant impedances without DG make the feeder linear, so that both are exactly 2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, final

import numpy as np

from gridtandem.boundary.letters import ResponseAt
from gridtandem.cases.case import Case
from gridtandem.cases.generate import with_exponents
from gridtandem.schemes.independent import Independent
from gridtandem.schemes.response import Response
from gridtandem.study.compare import Comparison
from gridtandem.study.craft import Compared
from gridtandem.study.judge import Verdict
from gridtandem.study.registry import name_of
from gridtandem.study.results import InterfaceResults
from gridtandem.study.run import run
from gridtandem.study.study import Study, seated
from gridtandem.tables import Index, Names, Real, Table, column


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ExponentResults(Table):
    """One row per pair of load exponents and interface. CLF: coordinated; ITLF, IDLF: transmission's and the feeder's independent load flow."""

    kind: ClassVar[str] = "exponents"
    p_exponent: Real = column("exponent of active demand of every feeder load")
    q_exponent: Real = column("exponent of reactive demand of every feeder load")
    interface: Names = column("name of the interface", dtype="U")
    v_pu: Real = column("voltage at the interface, CLF", unit="pu")
    p_mw: Real = column("active power into the feeders, CLF", unit="MW")
    q_mvar: Real = column("reactive power into the feeders, CLF", unit="Mvar")
    p_itlf_mw: Real = column("active power transmission reckons with alone, ITLF", unit="MW")
    q_itlf_mvar: Real = column("reactive power transmission reckons with alone, ITLF", unit="Mvar")
    p_idlf_mw: Real = column("active power the feeders reckon with alone, IDLF", unit="MW")
    q_idlf_mvar: Real = column("reactive power the feeders reckon with alone, IDLF", unit="Mvar")
    v_low_pu: Real = column("lowest voltage in the feeder, CLF", unit="pu")
    v_low_idlf_pu: Real = column("lowest voltage in the feeder, IDLF", unit="pu")
    p_equivalent: Real = column("equivalent exponent of active power at the interface")
    q_equivalent: Real = column("equivalent exponent of reactive power at the interface")


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class MethodResults(Table):
    """The boundary under each way of computing it: one row per scheme and interface, NaN where there was no answer."""

    kind: ClassVar[str] = "methods"
    scheme: Names = column("scheme", dtype="U")
    interface: Names = column("name of the interface", dtype="U")
    v_pu: Real = column("voltage transmission reckons with", unit="pu")
    p_mw: Real = column("active power transmission reckons with", unit="MW")
    q_mvar: Real = column("reactive power transmission reckons with", unit="Mvar")
    v_feeder_pu: Real = column("voltage the feeder reckons with", unit="pu")
    p_feeder_mw: Real = column("active power the feeders reckon with", unit="MW")
    q_feeder_mvar: Real = column("reactive power the feeders reckon with", unit="Mvar")
    loss_mw: Real = column("active losses in the feeders", unit="MW")
    v_low_pu: Real = column("lowest voltage in the feeder", unit="pu")
    rounds: Index = column("rounds of the scheme", dtype="i8")
    seconds: Real = column("wall time of the run on this machine; not reproducible", unit="s")


def exponent_sweep(case: Case, points: Sequence[tuple[float, float]]) -> ExponentResults:
    """The boundary for pairs (active, reactive) of load exponents, which replace those of all feeder loads."""
    rows = [row for np_, nq in points for row in _at(case, np_, nq)]
    columns = zip(*rows, strict=True) if rows else [()] * len(ExponentResults.columns())
    return ExponentResults.of(dict(zip(ExponentResults.columns(), columns, strict=True)))


def _at(case: Case, p_exponent: float, q_exponent: float) -> Iterator[tuple[float | str, ...]]:
    study = Study(case=with_exponents(case, p_exponent, q_exponent), scheme=Response())
    both, alone = (_interfaces(study, scheme) for scheme in (Response(), Independent()))
    n = equivalent_exponents(study, both.v_pu)
    for k, name in enumerate(study.case.interfaces.name.tolist()):
        yield (
            p_exponent, q_exponent, name, both.v_pu[k], both.p_mw[k], both.q_mvar[k], alone.p_mw[k], alone.q_mvar[k], alone.p_feeder_mw[k],
            alone.q_feeder_mvar[k], both.v_low_pu[k], alone.v_low_pu[k], n[k, 0], n[k, 1],
        )  # fmt: skip


def _interfaces(study: Study, scheme: Response | Independent) -> InterfaceResults:
    found = run(replace(study, scheme=scheme)).verdict
    return _nothing(study.case) if found is None else found.interfaces


def _nothing(case: Case) -> InterfaceResults:
    """One row per interface without numbers."""
    given = {"name": case.interfaces.name, "company": case.interfaces.company, "feeder": case.interfaces.feeder, "count": case.interfaces.count}
    size = len(case.interfaces)
    blank = {"f8": np.full(size, np.nan), "i8": np.zeros(size, np.int64), "U": np.full(size, "")}
    return InterfaceResults.of({name: given.get(name, blank[spec.dtype]) for name, spec in InterfaceResults.columns().items()})


def equivalent_exponents(study: Study, v: Real) -> Real:
    """(interface, 2): n_P and n_Q of the feeders at the voltages ``v`` of their interfaces, in the first scenario and period."""
    mail = seated(study).mailbox(study.scheme, (study.loading.shape[0], study.loading.shape[1]))
    reply = mail.ask_dsos(ResponseAt(np.broadcast_to(v, mail.shape).copy()))
    with np.errstate(divide="ignore", invalid="ignore"):  # a feeder that draws nothing has no exponent
        n: Real = (reply.ds * v[:, None] / reply.s)[0, 0]
    return np.where(np.isfinite(n), n, np.nan)


def crossings(x: Real, a: Real, b: Real) -> Real:
    """Where the line through (x, a) meets the line through (x, b), by straight pieces between the points."""
    d = a - b
    k = np.flatnonzero(d[:-1] * d[1:] < 0)
    between: Real = x[k] + (x[k + 1] - x[k]) * d[k] / (d[k] - d[k + 1])
    return np.sort(np.concatenate([x[d == 0], between]))


def methods_table(compared: Compared[Study, Verdict, Comparison]) -> MethodResults:
    """The boundary of every scheme of a comparison, one below the other; first scenario and period."""
    tables = []
    for result, seconds in zip(compared.results, compared.table.seconds.tolist(), strict=True):
        size = len(result.study.case.interfaces)
        t = _nothing(result.study.case) if result.verdict is None else result.verdict.interfaces.take(np.arange(size))
        tables.append({
            "scheme": np.full(size, name_of(result.study.scheme)), "interface": t.name, "rounds": np.full(size, result.outcome.rounds),
            "seconds": np.full(size, seconds), **{c: getattr(t, c) for c in MethodResults.columns() if c in t.columns()},
        })  # fmt: skip
    return MethodResults.of({c: np.concatenate([t[c] for t in tables]) for c in MethodResults.columns()})
