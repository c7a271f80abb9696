"""Two companies, one operating point: what each believes alone, what letters make of it, and what left each house."""

import numpy as np

import gridtandem as gt

# A published system: the IEEE 14-bus network with two pairs of the 33-bus feeder of Baran and Wu. `gt.catalogue()` lists all of them.
case = gt.case("T14D2")
assert case.size() == (14, 128)  # transmission buses, feeder buses with parallel feeders counted one by one

# Each side by itself: transmission lumps the feeders into their nominal load, the feeders take 1 pu at their root.
alone = gt.run(case, scheme="independent")
believed = alone.interfaces
assert np.all(believed.p_feeder_mw > believed.p_mw)  # the feeders know their losses, transmission does not

# The AC check is one load flow of the joined grid. Every run is held against it, whatever the scheme believed.
assert alone.checks.voltage_error_pu[0] > 0.05

# The same two companies, exchanging letters. A feeder hears a voltage and answers with its power and how that would change.
run = gt.run(case, scheme=gt.schemes.Response())
print(run)
assert run.outcome.agreed
assert run.outcome.rounds == 3
assert run.checks.voltage_error_pu[0] < 1e-10

# What crossed, letter by letter: a round is one letter to each distribution company and one to transmission.
letters = run.letters.frame()
assert len(letters) == 3 * 3
assert set(letters.question) == {"ResponseAt", "VoltageUnder"}

# The plain exchange needs no slopes. How fast it converges can be told before it runs.
diagnosis = gt.diagnose(case)
assert diagnosis.recommend == "load-flow"
plain = gt.run(case, scheme="load-flow")
gaps = plain.rounds.gap
assert np.isclose(gaps[-1] / gaps[-2], diagnosis.contraction, rtol=0.05)

# Close to the limit of what the system can carry it slows down, and beyond it nobody pretends to have an answer.
stressed = gt.run(case, scheme="load-flow", loading=2.98)
assert stressed.outcome.rounds > 3 * plain.outcome.rounds
beyond = gt.run(case, scheme="response", loading=4.0)
assert not beyond.outcome.agreed
assert len(beyond.buses) == 0
print("\n".join(beyond.trouble))
assert "at most λ = 0.748" in beyond.trouble[-1]

# Everything side by side, as a table and as a picture.
comparison = gt.compare(case, ["independent", "load-flow", "response", "merged"])
print(comparison)
figure = comparison.plot("overview")
assert len(figure.axes) >= 4
