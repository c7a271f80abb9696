"""Voltage security: how much load a system can still take, what it meets on the way, and which outages hurt, with feeders as they are."""

import numpy as np

import gridtandem as gt

# Fourteen transmission buses, and two feeders of 33 buses behind each of two of them. Loads grow to P0 (1 + λ) until no load flow is left.
run = gt.margin("T14D2")
print(run)
together, alone, model = run.tools.growth
assert np.allclose([together, alone, model], [1.9918, 3.0568, 3.0568], atol=5e-5)

# Transmission by itself, with what the feeders draw as constant power, promises half as much again. The feeders collapse first, and far inside.
assert run.tools.weakest[0] == "F10/18"
assert run.tools.weakest_v_pu[0] < 0.45

# At the bus that feeds nothing of that is to be seen: no criterion at the boundary would have warned.
curve = run.curves.take((run.curves.tool == "ccpf") & (run.curves.bus == "10"))
assert curve.v_pu[np.argmax(curve.growth)] > 0.9

# Limits of buses are met long before the nose, in the feeders first.
events = run.events.take((run.events.tool == "ccpf") & ~run.events.from_start & ~run.events.past)
print(events)
assert events.element[0] == "F10/18"
assert events.growth[0] < together / 4

# Loads that fall with their voltage bear more, and then transmission alone says too little.
falling = gt.margin(gt.with_exponents(gt.case("T14D2"), 0.9, 1.3))
assert falling.tools.growth[0] > falling.tools.growth[1]

# λ* is one margin, the most power that all loads draw another; the loads draw most before the end.
assert falling.tools.most_growth[0] < falling.tools.growth[0]

# Nobody showed a network: what crossed were letters with a few numbers for each feeder, as often as the curve took.
assert run.tools.exchanges[0] > 50
assert run.tools.exchanges[1] == 0

# Outages of transmission, ranked by a performance index: the first few in full, all others screened, with feeders as they answer.
outages = gt.contingency("ieee118-4bb", renewables=0.6, top=5)
print(outages)
assert outages.ranking.outage[0] == "8-5"
assert outages.ranking.by[:5].tolist() == ["full"] * 5

# Does distribution change the order? Here hardly, and it is said.
assert outages.agreement("alone", top=5).overlap == 5
assert np.nanmax(np.abs(outages.ranking.change_percent)) < 5

# One outage without a load flow never takes the others with it. Here feeders carry more than they can once a line is gone.
heavy = gt.joined("ieee14", "case33bw", where=["10", "14"], count=1)
stressed = gt.contingency(heavy, ratings="base", loading=2.4, screen="full")
none = stressed.ranking.take(stressed.ranking.rank == 0)
assert 0 < len(none) < len(stressed.ranking)
assert all(none.why)

# And some of them would have one if feeders drew what they drew before: an analysis of transmission by itself misses those.
assert np.isfinite(none.pi_alone).any()
