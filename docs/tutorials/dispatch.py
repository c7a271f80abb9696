"""A dispatch without handing over models: one transmission operator, two feeders, a few numbers each way, and what other ways cost."""

from dataclasses import replace

import numpy as np

import gridtandem as gt

# The IEEE 14-bus network with a feeder at bus 10 and another at bus 13, whose demand follows the voltage (exponents 0.9 and 1.3).
case = gt.case("14A")
assert case.companies == ("dso-10", "dso-13")

# Each company keeps its network. What crosses is exchange, prices, and how a feeder yields; the ledger counts it. Down goes a wish, a price and a
# weight for each of P, Q and V; up comes what the feeder takes, at which price it would want just that, how it yields, and what it costs.
run = gt.run(case, scheme="copf")
print(run)
assert run.outcome.agreed
assert run.outcome.rounds == 3
asked = run.letters.question == "CondensedNear"
assert set(run.letters.numbers_down[asked]) == {9}
assert set(run.letters.numbers_up[asked]) == {13}

# Is it the best there is? One owner of all models would pay as much, and one load flow of the joined grid confirms what everybody reckons with.
check = run.checks
assert abs(check.promised_per_h[0] / check.central_per_h[0] - 1) < 1e-6
assert len(run.violations) == 0
assert check.voltage_error_pu[0] < 1e-5

# Three prices at each interface. The first two are what one more MW and Mvar cost; the third says who would gain by another voltage:
# one more pu would save transmission 325 EUR an hour and cost the feeder at bus 10 as much. Where both are equal nobody moves.
at = run.exchanges
assert np.round(at.price_per_mwh, 2).tolist() == [40.23, 40.59]
assert np.round(at.price_per_pu).tolist() == [-325.0, -137.0]
run.plot("prices")  # at every bus; the boundary has one price from both sides

# The same without that third price. Transmission now raises the voltage for the sake of its own losses, the feeders draw more, and nobody notices.
plain = gt.run(case, scheme="hgd-plain")
assert plain.exchanges.v_pu.min() > 1.04 > at.v_pu.max()
saved = check.loss_mw[0] - plain.checks.loss_mw[0]
drawn = plain.exchanges.p_mw.sum() - at.p_mw.sum()
assert drawn > saved > 0
assert round(plain.checks.promised_per_h[0] - check.promised_per_h[0], 2) == 6.88  # EUR an hour

# And as it is often done: each for itself. The plans promise less than the best there is, because nobody can carry them out.
alone = gt.run(case, scheme="independent-opf")
assert alone.checks.promised_per_h[0] < check.central_per_h[0] < alone.checks.realised_per_h[0]
assert alone.violations.name.tolist() == ["1"]  # the reactive limit of the unit at bus 1

# Everything side by side: costs, convergence, exchange and prices.
both = gt.compare(case, ["central", "copf", "hgd", "hgd-plain", "independent"])
print(both)
both.plot()

# What cannot be had is told with what would have to give way. This feeder wants its buses above 1.05 pu.
feeder = case.models[1]
inside = np.arange(len(feeder.buses)) > 0
wish = replace(feeder.buses, v_low_pu=np.where(inside, 1.05, 0.0), v_high_pu=np.where(inside, 1.1, np.inf))
never = gt.run(replace(case, models=(case.models[0], replace(feeder, buses=wish))), scheme="copf")
assert not never.outcome.agreed
print("\n".join(never.trouble))
assert "it would need: " in never.trouble[-1]
