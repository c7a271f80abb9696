"""What is measured. A phase is an entry below: a name, a case, and contenders that must give the same answer.

To add one, write a function that prepares (not timed) and returns the work (timed); the work returns numbers that contenders are compared by.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from bench import architectures, coordinated, dispatch, flow, margin, markets, opf, outages, parametric, phases, reserve, start, strategic, study
from bench.apart import Apart
from bench.margin import Nose
from bench.parametric import Regions
from gridtandem.grid.network import Network
from gridtandem.opf.forms.lindist import Flow
from gridtandem.schemes import FeederCurve, Fused, Merged, Response

Work = Callable[[], NDArray[Any] | Callable[[], NDArray[Any]] | None]
Prepare = Callable[[], Work]


@final
@dataclass(frozen=True, slots=True)
class Must:
    """What was promised: ``ours`` (empty: the first contender) takes at most ``ratio`` of the fastest whose name begins with ``peer``."""

    peer: str
    ratio: float
    ours: str = ""


@final
@dataclass(frozen=True, slots=True)
class Phase:
    """One thing that takes time. The first contender is ours."""

    name: str
    case: str
    contenders: dict[str, Prepare | Apart | Regions | Nose]
    agree: float = 0.0  # largest difference between answers, with its reason beside the entry
    repeat: int = 7
    wall: frozenset[str] = frozenset()  # contenders that use several threads, whose time is the clock's
    large: bool = False  # minutes of work; left out of --smoke
    musts: tuple[Must, ...] = ()
    most_ms: float = 0.0  # promised of ours, whatever others take; 0: nothing

    def differences(self, answers: dict[str, NDArray[Any] | None]) -> dict[str, float]:
        """Of each contender from the first that has an answer."""
        given = {name: a for name, a in answers.items() if a is not None}
        ours = next(iter(given.values()), None)
        return {name: float(np.abs(a - ours).max()) for name, a in given.items() if a is not ours}


GROWTH = 1e-4  # λ*; ANDES ends at a step before the nose, and is off by 3e-5
SAME_NOSE = 1e-8  # λ* by letters and of all networks as one
VOLTAGE = 1e-7  # pu; peers stop at a mismatch or a step of 1e-8 pu

PANDAPOWER = ("case118", "case1354pegase", "case9241pegase")  # reading larger ones takes it minutes

ROUTES = 0.2  # currency of 2e4; searches among whole numbers end at 1e-6 of the cost at most, and a promise of 1e-5 stands
LED = 0.02  # currency of 2e3; searches end at 1e-6 of the cost, and a promise of 1e-5 stands
ROUND = 1e-8  # pu; schemes stop at steps of 1e-9


def _outages(name: str, repeat: int, most: float, *, large: bool = False) -> Phase:
    both = {"outages": outages.alone(name), "lightsim2grid": outages.contingencies(name)}
    return Phase("outages", name, both, VOLTAGE, repeat, large=large, musts=(Must("lightsim2grid", most),))


def _dc_outages(name: str, repeat: int) -> Phase:
    both = {"shift factors": outages.shifted(name), "lightsim2grid DC": outages.direct(name)}
    return Phase("outages", f"{name}, DC", both, repeat=repeat, large=True, musts=(Must("lightsim2grid", 0.2),))


def _responding(name: str, feeder: str, how_many: int, repeat: int) -> Phase:
    both = {"curves": outages.by_curves(name, feeder, how_many), "lightsim2grid, no feeder": outages.bare(name)}
    return Phase("outages", f"{name} + {how_many} x {feeder}", both, VOLTAGE, repeat, large=True, musts=(Must("lightsim2grid", 0.5),))


def _every_outage(name: str, feeder: str, how_many: int, most_ms: float) -> Phase:
    """All of them, on all processors: the clock's time."""
    ours = {"curves (wall)": outages.by_curves(name, feeder, how_many, every=True)}
    return Phase("every-outage", f"{name} + {how_many} x {feeder}", ours, repeat=1, wall=frozenset(ours), large=True, most_ms=most_ms)


def _with_feeders(name: str, how_many: int, repeat: int) -> Phase:
    both = {"response": outages.coordinated(name, how_many), "lightsim2grid, T alone": outages.held(name, how_many)}
    return Phase("outages", f"{name} + {how_many} x case33bw" if how_many else name, both, VOLTAGE, repeat)


def _transmission(name: str, must: float, *, start: flow.Start = "flat", repeat: int = 7) -> Phase:
    both = {"newton": flow.newton(name, start=start), "lightsim2grid": flow.lightsim2grid(name, start=start)}
    beside = flow.pandapower(name) if name in PANDAPOWER else {}
    return Phase("transmission", name, both | beside, VOLTAGE, repeat, musts=(Must("lightsim2grid", must),) if must else ())


def peers(rows: int, name: str) -> dict[str, Prepare]:
    """Both exact methods of the peer that serve a batch well."""
    return {f"PGM {m.split('_')[0]}": flow.power_grid_model(rows, name, m) for m in ("newton_raphson", "iterative_current")}


SCHEMES = {"response": Response(), "feeder-curve": FeederCurve(), "fused": Fused(), "merged": Merged()}
BATCH, THREE_PHASE = (Must("PGM", 1 / 8),), (Must("PGM", 1 / 5),)


def _together(name: str, feeders: int, repeat: int, *musts: Must) -> Phase:
    """Transmission and so many feeders, side by side and as one."""
    two = "fused, 2 threads (wall)"
    contenders: dict[str, Prepare | Apart | Regions | Nose] = {
        "fused": coordinated.fused(name, feeders, 1), two: coordinated.fused(name, feeders, 2), "repeated": coordinated.repeated(name, feeders),
        "merged": coordinated.merged(name, feeders), "lightsim2grid": coordinated.lightsim2grid(name, feeders),
    }  # fmt: skip
    if any(must.peer.startswith("pandapower") for must in musts):
        contenders |= coordinated.pandapower(name, feeders)
    return Phase("coordinated", f"{name} + {feeders} x 141", contenders, ROUND, repeat, frozenset({two}), large=feeders > 1000, musts=musts)


MUSTS_150K = (Must("lightsim2grid", 1 / 10), Must("pandapower, numba", 1 / 50), Must("lightsim2grid", 1 / 40, ours="repeated"))

MONEY = 1e-7  # of a million; both end at reduced costs of 1e-9
CURVE = 1e-5  # MW and currency; the search keeps squared voltages to 1e-9
WHOLE = (Must("one program", 1.0), Must("one program", 1 / 10, "clearing"))


def _offer(name: str, net: Callable[[], Network], most_ms: float) -> Phase:
    beside = markets.offer(net)
    if most_ms > 1000.0:
        beside.pop(markets.SEARCH)  # minutes
    return Phase("offer", name, beside, CURVE, 3, most_ms=most_ms)


def _parametric(name: str, net: Callable[[], Network], flow: Flow = "apparent") -> Phase:
    return Phase("parametric", name, parametric.contenders(net, flow), CURVE, 21, musts=(Must("ppopt", 1.0),))


def _market(feeders: int, repeat: int) -> Phase:
    name = f"118 + {feeders} x 33, {markets.HOURS} h"
    return Phase("market", name, markets.market(feeders), MONEY, repeat, large=feeders > 10, musts=WHOLE if feeders == 100 else ())


def _coupled(feeders: int, repeat: int) -> Phase:
    name = f"118 + {feeders} x 33, storage"
    return Phase("coupled", name, markets.coupled(feeders), MONEY, repeat, large=feeders > 10)  # nothing is promised of it


CHEAPEST = 1e-6  # relative; both keep scaled conditions to 1e-8
BESIDE_IPOPT = "CasADi + Ipopt"


def _opf(name: str, repeat: int, *, must: float = 0.0) -> Phase:
    beside: dict[str, Prepare | Apart] = {
        "interior": opf.interior(name), BESIDE_IPOPT: opf.casadi(name), "CasADi, derivation too": opf.derived(name),
        "Ipopt, our functions": opf.ipopt(name), "from tables": opf.whole(name),
    }  # fmt: skip
    return Phase("optimal power flow", name, beside, CHEAPEST, repeat, musts=(Must(BESIDE_IPOPT, must),) if must else ())


PASSES = 1e-2  # MW, Mvar; both sides agree to 1e-6 pu, and the optimum is flat in what passes


def _dispatch(name: str, case: str | int, repeat: int, *musts: Must) -> Phase:
    return Phase("dispatch", name, dispatch.contenders(case), PASSES, repeat, large=case == 64, musts=musts)


def _reserve(system: str, feeders: int, hours: int) -> Phase:
    most = {(1, 16): 2000.0, (24, 4): 6000.0}.get((hours, feeders), 0.0) if system.startswith("RTS") else 0.0
    name = f"{system} + {feeders} x 33, {hours} h"
    ours: dict[str, Prepare | Apart | Regions | Nose] = {"joint-reserve": reserve.schedule(system, feeders, hours)}
    return Phase("reserve-growth", name, ours, repeat=3 if hours == 1 else 1, large=hours > 1, most_ms=most)


def _leading(name: str, first: int, hours: int, beside: str) -> Phase:
    """Of companies that lead: hour by hour, against another search of the same optimum."""
    both: dict[str, Prepare | Apart | Regions | Nose] = {route: reserve.leading(name, first, hours, route) for route in ("cells", beside)}
    day = hours == 24
    return Phase("leading", f"{name}, {hours} h", both, LED, 1, large=day, musts=(Must(beside, 1.0),), most_ms=15_000.0 if day else 2000.0)


def _parts(family: str, name: str, times: int) -> Phase:
    return Phase("architecture", f"{family} {name}, DERs x {times}", {"simulate": architectures.parts(name, times)}, repeat=3, large=times == 100)


def _feeder_opf(name: str) -> Phase:
    both: dict[str, Prepare | Apart] = {"with tables": opf.whole(name), "held": opf.interior(name)}
    return Phase("optimal power flow", f"{name}, a feeder's part", both, CHEAPEST, 21, most_ms=22.0)  # a runpp call of the common tool


PHASES = (
    Phase("import", "gridtandem", {"gridtandem": start.python("import gridtandem"), "bare Python": start.python("pass")}, repeat=5),
    Phase("help", "tandem --help", {"tandem": start.command("--help"), "bare Python": start.python("pass")}, repeat=5),
    Phase("first answer", "tandem run 14A", {"tandem": start.answer("run", "14A")}, repeat=5, most_ms=1000.0),
    Phase("first use", "tandem run 14A, compiling", {"tandem": start.first_answer("run", "14A")}, repeat=1),
    Phase("first use", "fused, compiling", {"tandem": start.first_answer("run", "14A", "--scheme", "fused")}, repeat=1),
    _transmission("case118", 0.6, repeat=201),  # microseconds each
    _transmission("case300", 0.0, repeat=201),
    *(_transmission(name, 0.4) for name in ("case1354pegase", "case2869pegase", "case9241pegase", "case_ACTIVSg25k")),
    _transmission("case_ACTIVSg70k", 0.4, start="file"),  # no engine solves it from a flat start
    Phase("fleet", "2000 x case33bw", {"sweep": flow.fleet(2000, "case33bw"), **peers(2000, "case33bw")}, VOLTAGE, 5),
    Phase("fleet", "1000 x case141", {"sweep": flow.fleet(1000, "case141"), **peers(1000, "case141")}, VOLTAGE, 5, musts=BATCH),
    Phase("scenarios", "35040 of case141", {"sweep": flow.scenarios(35_040, "case141"), **peers(35_040, "case141")}, VOLTAGE, 3, musts=BATCH),
    _outages("case118", 11, 1.0),
    _outages("case1354pegase", 3, 0.6),
    _outages("case9241pegase", 1, 0.45, large=True),
    _dc_outages("case9241pegase", 1),
    _responding("case9241pegase", "case141", 1000, 1),
    _every_outage("case9241pegase", "case141", 1000, 10_000.0),
    _with_feeders("T118Dn4", 0, 11),
    _with_feeders("case1354pegase", 100, 3),
    *(Phase("three-phase", f"{n // 1000}k buses", phases.contenders(n), VOLTAGE, 7, musts=THREE_PHASE) for n in (10_000, 100_000)),
    Phase("coordinated", "T118Dn4", {name: flow.agreed("T118Dn4", scheme) for name, scheme in SCHEMES.items()}, ROUND),
    _together("case118", 100, 51),
    _together("case9241pegase", 1000, 7, *MUSTS_150K),
    _together("case9241pegase", 7000, 3, Must("lightsim2grid", 1 / 15)),  # a million buses
    *(Phase("margin", n, margin.contenders(n), GROWTH, k, musts=(Must("ANDES", 0.1),)) for n, k in (("case118", 21), ("case1354pegase", 5))),
    Phase("margin", "T118Dn4", margin.coordinated("T118Dn4"), SAME_NOSE, 5, most_ms=2000.0),
    _opf("case118", 21),
    _opf("T118Dn4", 11),
    _opf("case1354pegase", 3, must=1.0),
    _opf("case2869pegase", 1),
    _feeder_opf("case33bw"),
    _feeder_opf("case141"),
    Phase("study", "9241 + 1000 x case141", study.parts("case9241pegase", "case141", 1000), repeat=3),
    _offer("33 nodes, 24 h", markets.small, 300.0),
    _offer("240 nodes, 120 DERs, 24 h", markets.crowded, 4000.0),
    *(_parametric(f"golden feeder {name}", partial(parametric.golden, k), "active") for k, name in enumerate("AB")),
    *(_parametric(f"33 nodes, {units} DER{'s' * (units > 1)}", partial(parametric.with_units, units)) for units in (1, 2, 3, 4)),
    _market(10, 5),
    _market(100, 3),
    _market(1000, 1),
    _dispatch("T118Dn4", "T118Dn4", 7, Must("one owner", 10.0)),
    *(_dispatch(f"118 + {n} x 33", n, 3) for n in dispatch.SIZES if n != 32),
    Phase("dispatch", "14A, 24 hours", dispatch.day("14A"), PASSES, 3),
    Phase("dispatch", "T118Dn4 with units, 24 hours", dispatch.day("118 buses, cheap"), PASSES, 3),
    Phase("dispatch", "T118Dn4, one letter", {"condensed": dispatch.letter("T118Dn4")}, repeat=21, most_ms=22.0),
    _coupled(10, 3),
    _coupled(100, 1),
    _leading("noh-reduced", 4, 1, "kkt-sos1"),
    _leading("noh-reduced", 1, 24, "one search"),
    Phase("strategic", "curves of rts24-disco33, 24 h", {"curves": strategic.curves, "both ends": strategic.points}, MONEY, 11, most_ms=500.0),
    Phase("strategic", "rts24-disco33, 2 h", {"cells": strategic.search("cells", 2), "kkt-bigm": strategic.search("kkt-bigm", 2)}, ROUTES, 3),
    Phase(
        "strategic",
        "rts24-disco33, 24 h",
        {"cells": strategic.search("cells"), "kkt-bigm": strategic.search("kkt-bigm")},
        ROUTES,
        1,
        large=True,
        musts=(Must("kkt-bigm", 0.02),),
        most_ms=5000.0,
    ),
    Phase("strategic", "rts24-disco33, 24 h, judged", {"run": strategic.whole("strategic")}, repeat=5, most_ms=5000.0),
    Phase("strategic", "rts24-disco33, 12 radii", {"direct": strategic.radii}, repeat=1, most_ms=60000.0),
    Phase("architecture", "37 judged, 300 draws", {"judge": architectures.judged}, repeat=3, most_ms=5000.0),
    Phase("architecture", "20 x 5 scenarios x 24 h", {"simulate": architectures.days}, repeat=1, large=True, most_ms=300_000.0),
    *(_parts(family, name, times) for family, name in architectures.FAMILIES.items() for times in architectures.TIMES),
    *(_reserve(system, n, hours) for hours in (1, 24) for system in reserve.SYSTEMS for n in reserve.FEEDERS),
)
