"""A day with little inertia: what the loss of a unit asks of reserve, what feeders can give, and what they give if they know the price."""

import numpy as np

import gridtandem as gt

# A hundred megawatts are lost. Less mass that turns, more primary reserve, in inverse proportion.
alone = gt.frequency_requirement([7850, 8350], 100)
print(alone)
assert np.allclose(alone.table.primary_mw, [191.08, 179.64], atol=0.005)

# Fast reserve, there within a second, replaces more than as much of what comes within ten.
both = gt.frequency_requirement([8350], 100, fast_mw=[0, 3.96])
saved = 1 - (both.table.primary_mw + both.table.fast_mw) / both.table.primary_mw[0]
assert abs(saved[-1] - 0.049) < 5e-4

# Energy and both reserves of three hours at least cost. Feeders sell what transmission will feel, with their networks in limits while all of it acts.
day = gt.run("rts24-ffr", scheme="joint-reserve", first_hour=3, hours=3)
print(day)
assert (day.hours.fast_mw > 0).all()
assert (day.hours.lowest_hz > 59 - 1e-3).all()
assert not len(day.violations)

# The loss itself, in time: reserve as promised touches the limit; governors that see the frequency fall act before and stay above.
seen = gt.frequency_replay(day)
print(seen)
assert np.allclose(seen.hours.open_hz, 59, atol=1e-3)
assert (seen.hours.closed_hz > 59.5).all()

# Who pays whom. What the operator takes in it hands on: to stations, to companies, and as what congested lines earn.
books = day.books
took, gave = (float(books.amount[side == "tso"].sum()) for side in (books.payee, books.payer))
assert abs(took - gave) < 1e-9 * took
assert books.amount[books.item == "fast reserve"].sum() > 0

# The same without a look at the feeders' networks: more is sold than comes, and voltages break their limits when it is called.
blind = gt.run("rts24-ffr", scheme="joint-reserve", first_hour=3, hours=3, feeders="none")
assert blind.hours.fast_mw.sum() > day.hours.fast_mw.sum()
assert len(blind.violations)
assert not day.result.trouble
assert blind.result.trouble

# Companies that know what their exchange and their reserve do to both prices hold some back. That helps them, and nobody else.
three = gt.compare("rts24-ffr", ["joint-reserve", "joint-reserve-strategic", "joint-reserve-price-taker"], first_hour=9, hours=1)
print(three)
together, leading, taking = three.runs
assert leading.hours.fast_mw[0] < together.hours.fast_mw[0]
assert leading.result.cost > together.result.cost
assert leading.result.companies < together.result.companies
