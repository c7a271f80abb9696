"""How large exact offers of energy and regulation grow with the number of regulating units in a feeder.

``python -m tools.hull_sizes [units …]`` prints the table of docs/explanation/markets.md: the 33-node feeder of `gridtandem.cases.regulating` in one
hour at full load, offering energy and capacity up and down; processor time of building the offer, one thread.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from gridtandem.cases.join import bundle
from gridtandem.cases.regulating import feeder33
from gridtandem.grid.elements import REFERENCE
from gridtandem.opf.feeder import FeederProblem
from gridtandem.opf.offers import Asked
from gridtandem.opf.regulated import RegulatedFeeder
from gridtandem.opf.regulated_offer import AskedRegulated, AskedSeparable
from gridtandem.opf.separable_offer import separable
from gridtandem.resources.part import Window

UP_DOWN = np.array([True, True, False, False])
MOST = 40_000  # planes


def measured(units: int, blocks: int) -> str:
    """One line of the table."""
    net = feeder33(units, blocks)
    root = int(net.generators.bus[net.generators.control == REFERENCE][0])
    problem = FeederProblem.of(bundle(net).check(), root, Window())
    asked = AskedRegulated.of(RegulatedFeeder.of(problem, UP_DOWN))
    begin = time.process_time()
    found = asked.cost(most=MOST)
    exact = time.process_time() - begin
    told = f"more than {MOST} | | |" if found is None else f"{len(found.constant)} | {len(found.bound)} | {found.asked} | {exact:.2f}"
    begin = time.process_time()
    curve = Asked.of(problem).curve()
    assert curve is not None
    offer = separable(AskedSeparable(asked), curve.offer)
    apart = time.process_time() - begin
    return f"| {units} | {blocks} | {told} | {len(offer.energy.price)} | {offer.loss:.1f} | {apart:.2f} |"


if __name__ == "__main__":
    print("| units | blocks each | planes | walls | programs | CPU s | steps of the separable offer | its loss per hour | CPU s |")
    print("|---|---|---|---|---|---|---|---|---|")
    for count in [int(word) for word in sys.argv[1:]] or [3, 5, 8, 12]:
        for each in (1, 2):
            print(measured(count, each), flush=True)
