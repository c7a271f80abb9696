"""A company that moves the price: what it gains by knowing that, who pays for it, and how wrong its forecasts of sun and wind may be."""

import numpy as np

import gridtandem as gt

# A company of twenty 33-bus feeders hangs on one bus of the RTS-24 market, in place of load there. One such feeder is invisible to 2,650 MW.
case = gt.case("rts24-disco33")
assert case.companies == ("disco",)

# Three ways to take part. The price taker answers the price at its plain forecast; the strategic company answers the curve of prices that its own
# trade makes; in the ideal market somebody sees every network and every offer.
all_three = gt.compare(case, ["price-taker", "strategic", "ideal"])
print(all_three)
taker, strategic, ideal = all_three.runs

# Its cost, exchange and resources together: knowing the curve pays.
cost = [float(run.companies.cost.sum()) for run in (taker, strategic, ideal)]
assert cost[1] < cost[0]
assert cost[1] < cost[2] * (1 + 1e-9)
# What it gains others pay, and more: all together never pay less than in the ideal market.
assert strategic.result.cost >= ideal.result.cost * (1 - 1e-9)

# The price taker believed in prices that its own answer moved.
print(taker.companies)
assert np.isfinite(taker.companies.believed).all()

# What it was told: steps of price by exchange. They are also its bid: any price of the step that it chose would be accepted for the same exchange.
curve = strategic.bid_curve.take(strategic.bid_curve.period == 18)
print(curve)
assert (np.diff(curve.price_per_mwh) > 0).all()
assert curve.taken.sum() == 1
assert [row.question for row in strategic.outcome.ledger] == ["Reach", "ResidualCurve", "BestAgainst"]

# Nobody has to believe the search. The market is solved again at the answer: it makes these prices, and no scarcity is among them.
assert strategic.certificates.holds.all()
assert strategic.certificates.penalty.max() < 1e-6

# The feeders' model is linear. The AC load flow of the joined grid says how far off it is.
assert strategic.checks.solved.all()
assert strategic.checks.voltage_error_pu.max() < 0.02

# Sun and wind may turn out otherwise. How far may they be off before the company pays 5 % more than it expects; how far must they be for 5 % less?
band = gt.igdt(case, [0, 5], hours=6, first_hour=9)
print(band)
worse, better = (band.table.take(band.table.side == side) for side in ("robustness", "opportunity"))
assert worse.alpha[0] == 0
assert 0 < worse.alpha[1] < 1
assert np.allclose(worse.cost, worse.budget, rtol=1e-5)
assert better.free_mwh[1] > worse.free_mwh[1]
