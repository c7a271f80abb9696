"""A day of markets: what a feeder offers, what the market makes of it, who pays whom, and whether the grid carries the result."""

import numpy as np

import gridtandem as gt

# Three transmission buses, two feeders with resources of their own, four hours. The numbers are ours; the papers behind the schemes publish
# set-ups and results, but not all of their data.
case = gt.case("golden-3bus")
assert case.companies == ("dso-a", "dso-b")

# One message up, one clearing, one message down. Ratings of this case's feeders limit active power.
day = gt.run(case, scheme="dso-offer", flow="active")
print(day)
assert day.outcome.agreed
assert len(day.letters) == 5  # two offers, one clearing, two awards

# The market that sees every network and every resource costs the same: an exact offer hides nothing that matters.
assert abs(day.result.gap) < 1e-9

# Awards: in hour 4 both feeders face different prices, for a transmission line between them is full.
last = day.awards.take(day.awards.period == 4)
assert np.allclose(last.exchange_mw, [-5.266667, 2.5], atol=1e-6)
assert np.allclose(last.price_per_mwh, [45.0, 35.5])

# Prices inside feeder A: voltage at n3 is at its limit, so energy there is worth little.
inside = day.prices.take((day.prices.period == 4) & (day.prices.feeder == "A"))
assert inside.bus.tolist() == ["root", "n1", "n2", "n3"]
assert inside.price_per_mwh[0] == 45.0
assert np.allclose(inside.price_per_mwh, inside.energy_per_mwh + inside.congestion_per_mwh + inside.voltage_per_mwh)
assert inside.price_per_mwh[3] < inside.price_per_mwh[0] / 2

# The books: every amount has a payer and a payee. What a company keeps is the rent of its limits less the worth of unpaid reactive power.
assert np.abs(day.surplus.left).max() < 1e-6
kept = day.surplus.kept[1]
assert np.isclose(kept, day.surplus.flow_rent[1] + day.surplus.voltage_rent[1] - day.surplus.reactive[1])

# The same table splits the net surplus, what demand with a price gains less all costs: profits, less what fixed demand pays, and what is kept.
net = day.surplus.worth.sum() - day.surplus.cost.sum()
assert np.isclose(net, -day.result.cost)
assert np.isclose(net, (day.surplus.profit - day.surplus.demand + day.surplus.kept).sum())

# No resource would rather do something else at its price: payment less cost is never below 0, but for what it is made to do.
print(day.devices.take((day.devices.period == 4) & (day.devices.company != "tso")))
assert day.devices.profit.min() > -1e-6

# The check: an AC load flow of the joined grid in every hour. The market's linear model leaves losses out and sees voltages too high.
assert day.checks.solved.all()
assert 0.001 < day.checks.voltage_error_pu.max() < 0.01
print(day.violations)

# The same day as it is often run: transmission clears with a forecast of what feeders will take, feeders answer the price.
both = gt.compare(case, ["ideal", "dso-offer", "conventional-1"], flow="active")
print(both)
ideal, offer, conventional = both.table.cost
assert abs(offer - ideal) < 1e-6
assert conventional > ideal + 100
