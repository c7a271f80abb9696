"""Judge your own market design: draw it, see what it risks and why, mend it, and see what a day costs before and after."""

import numpy as np

from gridtandem.architecture.lines import read_lines
from gridtandem.architecture.simulation.derived import derived
from gridtandem.architecture.verdicts.findings import SHORT
from gridtandem.architecture.verdicts.judged import judge
from gridtandem.architecture.verdicts.mend import mend
from gridtandem.report.architecture import verdicts
from gridtandem.report.architecture.simulated import simulate
from gridtandem.report.tables import plain

# A design as text: who takes part, and who tells whom what. Here a system operator and a network operator both buy from the same aggregator, and
# neither tells the other.
DRAFT = """
ARCH DRAFT "two buyers, one aggregator" src=own family=Hybrid
N TSO role=TSO tier=1 org=T
N DSO role=DSO tier=2 org=D
N AGG role=AGG tier=3 org=A
N DER role=DER tier=4 org=C cap=1
disp TSO AGG c=.9
disp DSO AGG c=.9
disp AGG DER c=.9
"""
(draft,) = read_lines(DRAFT, "draft.txt")

# What does it risk? Each verdict comes with the paths that cause it.
found = judge(draft)
print(verdicts.judged_in_words(draft, found))
coupling = found.verdicts["HC"]
assert SHORT["HC"].word(coupling.level[1]) == "extensive"
causes = [found.skeleton.said(chain) for chain in coupling.worst.chains]
assert "DSO > AGG > DER" in causes
assert "TSO > AGG > DER" in causes

# What is it, as a procedure? Nobody chose one: it follows from the lines. Both buy at once, which is M3.
assert derived(draft).procedure == "M3"

# The smallest changes that leave little coupling hidden. One of them is an agreement to decide together.
mended = mend(draft, SHORT["HC"], SHORT["HC"].level("few"))
print(verdicts.mended_in_words(draft, mended))
changes = [[change.said(found.skeleton) for change in one.changes] for one in mended.sets]
assert ["+ coord TSO DSO s=joint"] in changes

# So there are two designs to compare with the draft: they decide together, or the network operator bounds what the aggregator may do.
(joint,) = read_lines(DRAFT.replace("DRAFT", "JOINT") + "coord TSO DSO s=joint c=.9\n", "joint.txt")
(bounded,) = read_lines(DRAFT.replace("DRAFT", "BOUNDED").replace("disp DSO AGG", "lim DSO AGG"), "bounded.txt")
assert [derived(design).procedure for design in (joint, bounded)] == ["M2", "M4"]
assert judge(joint).verdicts["HC"].level == (0, 0)

# The same grid, units and day under all three, once as planned and once with the link between the two operators down for a quarter of it.
run = simulate("four-feeders", [draft, joint, bounded], ["nominal", "lost-link"])
print(run)
results = run.results
nominal, lost = (results.take(np.flatnonzero(results.scenario == scenario)) for scenario in ("nominal", "lost-link"))

# As planned, deciding together costs what one owner of all models would pay, and breaks nothing.
of = {name: k for k, name in enumerate(nominal.architecture.tolist())}
assert abs(nominal.gap_percent[of["JOINT"]]) < 1e-6
assert nominal.violation_before[of["JOINT"]] == 0
# The draft sells power twice and breaks limits, until the network operator steps in.
assert nominal.double_mwh[of["DRAFT"]] > 0
assert nominal.violation_before[of["DRAFT"]] > nominal.violation_after[of["DRAFT"]]
assert nominal.red_mwh[of["DRAFT"]] > 0
# Envelopes cost a little and never break a limit.
assert 0 < nominal.gap_percent[of["BOUNDED"]] < 2
assert nominal.red_mwh[of["BOUNDED"]] == 0

# Without the link those who decide together buy side by side; envelopes that were sent before hold all the same.
assert lost.violation_before[of["JOINT"]] > 0
assert lost.cost[of["JOINT"]] > nominal.cost[of["JOINT"]]
assert lost.violation_before[of["BOUNDED"]] == 0

# Every message that was sent went along a line of the design.
links = run.links.take(np.flatnonzero((run.links.architecture == "DRAFT") & (run.links.scenario == "nominal")))
print(plain(links))
drawn = {(a, b) for a, b in zip(draft.nodes.name[draft.edges.from_node].tolist(), draft.nodes.name[draft.edges.to_node].tolist(), strict=True)}
assert {(a, b) for a, b in zip(links.sender.tolist(), links.receiver.tolist(), strict=True)} <= drawn
