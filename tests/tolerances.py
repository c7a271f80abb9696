"""Every tolerance of the tests, by name and with its reason."""

import math
from typing import Any

# flow
FLOW_TOL = 1e-10  # mismatch the load flow is asked for, per unit
BALANCE = 1e-9  # per unit; a few hundred mismatches of at most FLOW_TOL, which in truth end near 1e-13
SAME_FLOW = 1e-9  # per unit; two ways to state one network; voltages differ by mismatch times impedance
SAME_AS_PEER = 1e-9  # per unit; both engines converge quadratically, far below their own tolerances
SAME_AS_PEER_LIMIT = 1e-8  # per unit; the peer restarts its iteration after each change of limits and stops at 1e-8 MVA
PRINTED_MW = 6e-5  # half a unit of the last printed digit of losses given with four decimals, and a little
PRINTED_KW = 6e-4  # the same for kW with three decimals
PRINTED_V = 6e-6  # the same for voltages with five decimals
DIFFERENCE = 1e-6  # relative; central differences with STEP leave about STEP² and the noise of two solutions over STEP
STEP = 1e-4  # of central differences, per unit
IDENTITY = 1e-12  # relative; algebraic identities of a few operations
NOSE = 1e-4  # published largest loadings carry four decimals
NOSE_EXACT = 2e-6  # relative; promised 1e-6, and the last step fails a little before the exact end
LIMIT_SLACK = 1e-4 + 1e-9  # per unit; the stated hysteresis of limits
STEP_BAND = 1.1  # steps; the dead band is one step of a linear estimate
DC_IS_AC = 1e-9  # per unit; flows of 1e-3 differ by reactive effects of their square, times reactance, and sines by their cube
PEER_TOL = 1e-9  # asked of the peer: MVA of pandapower, per unit of lightsim2grid
PEER_HYSTERESIS = 1e-9  # per unit; the peer has none, so ours is set to next to nothing

# boundary, schemes, study
AGREED_PU = 1e-8  # pu; schemes stop at steps of 1e-9, and a contraction of up to 0.9 leaves ten times the last step
RATIO = 1e-6  # relative; ratio of successive gaps of a linear exchange, of which 1e-7 is rounding

# radial feeders: forest, sweep, feeders
PRINTED_10_W = 6e-3  # half a unit of the last printed digit of losses in kW with two decimals, and a little
SWEEP_BALANCE = 1e-11  # power left over at a node after a sweep to 1e-12 pu: rounding of admittances up to 1e4 pu
SWEEP_IS_NEWTON = 1e-10  # two solvers of the same equations, each to 1e-10 or better
SWEEP_IS_TWIN = 1e-12  # both stop at steps of 1e-12 that shrink at least tenfold; measured 2e-16
POWER_ROUNDS = 4e-15  # relative; about ten roundings of a power of moderate size
CHAIN_DROP = 1e-11  # pu; ten thousand drops, each rounded once, and the sweep's 1e-12
SERIES_ROUNDS = 1e-10  # MVA or of numbers of size 1; rounding of sums of up to 64 terms, and sweeps that stop at 1e-12 pu
SLOPE_BY_DIFFERENCE = 1e-6  # relative; central differences of step 1e-4 carry about 1e-8
IMPEDANCE_EXPONENT = 1e-12  # rounding only, measured 6e-15; feeders of constant impedances draw as the square of voltage
TURNED = 1e-12  # turning the root's angle turns all voltages and changes nothing else; rounding only
PEER_PGM = 1e-11  # per unit; power-grid-model iterates to 1e-12 on the same equations; measured 3e-14
PEER_DSS = 1e-9  # per unit; OpenDSS iterates to 1e-10 relative behind a source of 1e-9 ohm; measured 1.4e-11
EDGE_FOUND = 3e-6  # ends of solvability are bisected to 1e-6; curves turn square-root-like there
MERGED = 1e-8  # pu; schemes stop at 1e-10 and contract by less than 0.1, the merged grid's mismatch floor is 1e-9 where branches are short
S_AGREES = 1e-9  # pu on 100 MVA; what transmission reckons against what feeders draw at their voltage
BOOKS_CLOSE = 1e-8  # pu on 100 MVA; mismatches of all buses added up
PARALLEL = 1e-10  # pu; k feeders as one or as k are the same equations
CONTRACTS_ONE = 0.01  # relative; observed ratio of the last rounds against ρ, one boundary bus
CONTRACTS_MANY = 0.05  # relative; the same with several, whose second eigenvalue dies out slowly

# cases
LOSS_LAST_DIGIT = 0.6  # units of the last digit of a published loss: half of one, and a little
LOAD_SUM = 1e-8  # MW; sums of a few thousand loads of up to 4 GW together, rounded to 1e-16 each
DIGITS_3 = 1e-3  # relative; published totals are printed to four or five digits
NEWTON_FLOORS = 3  # multiples of the mismatch at which Newton may stop; the root's power adds up those of several nodes

# files in and out
PRINTED_MVA = 6e-7  # half a unit of the last printed digit of sums of loads with six decimals, and a little
PEER_MISMATCH_MVA = 1e-9  # at which pandapower stops; below, its sums in MVA no longer settle
# three-phase data, OpenDSS files
ROUND_TRIP = 1e-12  # relative; µS to nF and back and sums of sequence values, a few roundings each
ENTRY = 1e-11  # relative to the largest entry; admittances of an element by two routes, one of them inverts a matrix
REWRITTEN = 1e-6  # pu; promised for the engine's voltages of a file we wrote again; both runs stop at 1e-9
TWIN_IS_ENGINE = 1e-7  # pu; the engine stops at 1e-10 and factorizes stiff switches of 1e7 S beside feeders of 1 S
LOAD_POWER = 1e-6  # relative; the engine's own bases of loads carry seven digits of √3
PUBLISHED_13 = 1.5e-3  # pu; the file corrects a cable and lumps a distributed load, and so misses the printed table by up to 1.3e-3
PRINTED_LOAD = 1e-3  # MW and Mvar; totals are printed in whole kW
ONE_SEQUENCE = 1e-9  # pu; positive sequence against three phases, both to about 1e-13, stiff sources of 1e-4 ohm between
ITD_KV = 1e-5  # kV; published confirmation of the feeder's voltages by the engine

# report, study of exponents
PRINTED_KW_OF_MVA = 5.1e-3  # MVA; half a unit of the last printed digit of powers given in MW and Mvar with two decimals, and a little
PRINTED_MVA_3 = 5.1e-4  # MVA; the same with three decimals
PRINTED_V4 = 5.1e-5  # pu; the same for voltages with four decimals
PRINTED_EXPONENT = 1.01e-4  # one unit of the last printed digit: the printed ones come from one-sided differences of unknown step
EXPONENT_TWO = 1e-9  # a feeder of constant impedances draws as the square of its voltage; rounding and the sweep's 1e-12 remain
EXPONENT_BY_DIFFERENCE = 1e-6  # central differences with STEP leave STEP² and the sweep's noise over it
CROSSING_NEAR_ONE = 0.05  # exponent; the crossing is exactly at 1 only for a network without angles
SAME_VOLTAGES = 1e-8  # pu; coordinated against merged
ON_SCREEN = 1e-9  # data of a drawn line against the table it was drawn from; no arithmetic in between but a logarithm's
INK = 2e-3  # mean difference of pixels in [0, 1]; a moved label changes more than ten times that
FALL_OF_ANGLE = 3.0  # degrees; what a loaded transformer adds to its phase shift of 30

# compiled Newton
TWIN = 1e-10  # a kernel against its readable twin: the same operations, rounded in another order
SAME_ROUNDING = 1e-8  # per unit; power at a node: TWIN times admittances of up to 1e2 per unit
PIVOT_NEAR = 1e-14  # relative; leaves a pivot of rounding errors
KEPT = 1e-8  # per unit; kept factors stop anywhere below the mismatch asked for, 1e-9 per unit where branches are as short as in case141

# curves with knots
KNOT_FOUND = 1e-9  # pu; knots are enclosed to 1e-10, over which the functions tested change by no more
TWO_BUS_CLOSED = 1e-9  # pu; a mismatch of 1e-10 over the slope of two buses far from their nose
DRAWN_BY_PIECES = 1e-12  # per unit; a series of two terms, a few roundings
CURVE_KEPT = 1e-8  # pu; curves are off by at most 1e-7 MVA, times the impedance behind an interface
STEP_OF_TAPS = 0.03  # MVA; a step of 2.5 % moves two parallel feeders by 0.036 and more, the hysteresis of 0.01 two units by 0.02

# bench
FITTED_SLOPE = 1e-10  # rounding of logarithms and of a least-squares line
# feeders with several ports
SAME_BALANCE = 1e-9  # pu; two load flows of one balance, each to a mismatch of 1e-10 that impedances of up to ten pass on
QUADRATIC = 20.0  # per pu; the next voltage step over the square of this one; 0.16 measured on T14R2, up to 2 on random rings
# batches
BATCH_IS_RUN = 1e-7  # MW, Mvar and pu; single runs and batches stop alike, and the AC check lies within 1e-9 per unit of both
OUTAGE_IS_OPEN = 1e-6  # MW and pu; an outage against a network without the branch, each solved to 1e-9 per unit by its own scheme
BATCH_MEMORY = 1.2  # of the peak for four times the scenarios; blocks are alike, measured 1.04
OPENED = 1e-8  # per unit; two solves of the same equations, rounded and ordered differently, mismatches below 1e-10 times admittances of 1e2
# three-phase sweep
PHASES_ARE_TWIN = 1e-10  # pu; a sweep to 1e-12 against a dense solver to 1e-13 of the largest voltage in kV
PHASES_PEER_DSS = 1e-5  # pu; promised. The engine stops at 1e-10 and inverts stiff switches; measured 1.4e-8
PEER_MVA = 1e-5  # MW and Mvar of a feeder's total; voltages as above on conductances of feeders of some MW; measured 1e-9
PHASES_PEER_PGM = 1e-8  # pu; promised; both iterate to 1e-12; measured 1e-12
GUARD_DRAWS = 1e-5  # pu; ten millionths of a rating, drawn through an impedance of less than 1 pu
PHASE_BOOKS = 1e-10  # MW, or relative; rounding of flows through admittances of up to 1e6 times that
# many feeders
PORT_IS_FEEDER = 1e-12  # relative; the same few terms, added up in another order
SUMMED_UP = 1e-12  # relative; sums of a few hundred terms in another order
# fused exchange
FUSED_TOL = 1e-10  # per unit; what its check may leave at default options
FUSED_IS_MERGED = 1e-8  # pu; both stop at mismatches of 1e-10, and short branches of trees turn power of 1e-10 into less than that
FUSED_TOLD = 1e-5  # relative; a power told wrong by 1e-4, beside mismatches of 1e-10
FUSED_SLOPE = 1e-9  # per unit; the slope is of the profile of the last sweep, which rests to FUSED_TOL
# programs
OPTIMUM = 1e-7  # relative to max(1, |cost|); solvers stop at 1e-9, numbers are of size 1 to 10
PLANE = 1e-6  # the same for planes of prices, whose multipliers carry 1e-9 each over steps of up to 1 and a dozen rows
PRICE_BY_DIFFERENCE = 1e-5  # central differences with PRICE_STEP of two costs to 1e-9; a linear program is linear there, curvature leaves its square
PRICE_STEP = 1e-3  # of central differences of costs
CENTRED = 1e-4  # an interior point ends its gap at 1e-9, which leaves its square root of an unknown in the direction of curvature
VERTEX = 1e-9  # a vertex with entries of size 1 is solved for, not approached
PROOF = 1e-7  # of max(1, violation); sum of a dozen products of sides and multipliers, each to 1e-9
# offers
SAME_CURVE = 1e-8  # MW, and relative to the cost; the search keeps rows to 1e-9 in pu², which prices and impedances carry to ten times that
MONEY = 1e-7  # currency/h; sums of a few dozen products of size 1e3
PRICE_TWO_WAYS = 1e-6  # currency/MWh; one price from two programs, or from its parts with losses, by solvers that keep rows to 1e-9; measured 1.4e-7
CARRIED = 1e-7  # MW, MWh, pu; HiGHS keeps rows and bounds to 1e-9, quadratic costs to 1e-8
# border of the compiled Newton
INVERSE = 1e-10  # of matrices up to 9×9 with entries below 1; rounding times the condition, which the largest entry of the inverse stands for
NOISE = 1e-14  # a mismatch below the noise of any network: the iteration goes on until rounding ends it
# coordinated market operation
WELFARE = 1e-6  # relative; promised for every variant that agrees: cuts end at 1e-7, prices at 1e-5 currency/MWh times a few MW
SLACK_MW = 1e-6  # MW; a bound as solvers keep it
BOUND_KEPT = 1e-7  # relative; a lower bound may pass the optimum by what two solvers leave
PRODUCT_OF_SERIES = 1e-8  # per unit; published feeders from a fifth of their load to six fifths at degrees of nine; measured 2e-10

# laws of markets
ALIKE = 1e-9  # relative; the same optimum by one program and by offers, vertices of linear programs both
# stress
STRESSED = 1e-8  # pu; mismatches of 1e-10 pu behind impedances of up to 36 pu, or beside branches whose noise is 4e-8 of power
NEAR_NOSE = 1e-6  # pu; a mismatch of 1e-10 moves a voltage by its square root where two roots meet, and by 1e-9 to 1e-6 as near as here

# forms and curves of feeders
CURVE_IS_PROGRAM = 1e-6  # currency/h, MW, currency/MWh; a search of interior points to 1e-11 against programs to 1e-9, as promised
QUADRATIC_MARKET = 1e-7  # relative; offers to CURVE_IS_PROGRAM of costs of 1e3, cleared to 1e-9
FLAT_MARKET = 1e-3  # MW; a cost of 1e3 to 1e-10 leaves its square root over slopes of 1 currency/MWh/MW
PLACE = 1e-7  # MW; two programs of one vertex, whose bounds and rows each hold to 1e-9, through a dozen additions
PRICED = 1e-7  # currency/MWh; multipliers of one vertex by two programs; a dozen products of prices of up to 600
PAID = 1e-6  # currency; a price to PRICED times a few MW
REGRETS = 1e-8  # currency/h; costs of size 1e3 by two programs with one optimum
CURVE_MONEY = 1e-8  # currency/h; a chord against its program, costs of size 1e3
BRACKET = 1e-9  # currency/MWh beyond PRICED; the price is a slope of the offer or lies between two
ZERO_SUM = 1e-8  # currency; sums of a hundred payments of up to 1e4, exact but for rounding and rows held to 1e-9
BY_PARTS = 1e-9  # relative; profiles are vertices, mixed by a linear program held to 1e-9
BY_PLANES = 1e-6  # relative; what the search by planes is asked for
CONE_IS_FLOW = 1e-5  # pu and MW; a cone tight to 1e-6 leaves as much power, a load flow none
CONE_MONEY = 1e-5  # currency/h; interior points to 1e-9 of costs of 1e2, ends of a curve closer to empty than that
LITTLE_LOSS = 5e-3  # MW; lines of 1.2e-4 per MW under flows of up to 3 MW
PAID_FOR_LOSS = 0.1  # currency/h; as much at 20 per MWh
BOOKS_MONEY = 1e-9  # currency; sums of a dozen products below 1e3
# markets through the doors
GOLDEN_DIGITS = 1e-6  # relative; published to six decimals
MONEY_CLOSES = 1e-9  # relative to the cost of the day; sums of a hundred payments of up to a fifth of it
# markets with losses
LOSS_SPLIT = 5e-4  # currency/MWh; multipliers of interior points to 1e-9 of costs of 1e3 through a linear system; measured 1.3e-4 at prices of 600
LOSS_BOOKS = 1e-5  # currency; products of multipliers and states of interior points, summed over a feeder and two hours
CONE_PRICE = 1e-2  # currency/MWh; central differences over 2e-3 MW of costs to 1e-6
# regulation
RESERVED = 1e-7  # MW, pu²; bounds and rows to 1e-9 through a dozen additions
RESERVE_PRICE = 1e-4  # currency/MW; central differences with PRICE_STEP of two costs of 1e4 to 1e-9, away from kinks
HULL = 1e-8  # relative to the cost; facets end at 1e-9 of the range, programs keep rows to 1e-9 at prices of up to 450 per MW
# three-phase feeders in markets
REDUCED = 1e-9  # relative; the reduction promised; two programs of one vertex, their limits rounded apart
COEFFICIENT = 1e-13  # pu²/MW; a handful of operations on numbers of 0.1
HALVED = 0.3  # half the power leaves a quarter of a second-order error; third orders add to that where drops are large
FIRST_ORDER = 1e-3  # relative; fourth orders of changes of a hundredth, and noise of sweeps to 1e-14; a wrong factor is of order 1

# schemes of optimal power flow between paraboloids: algebra of 3 × 3 matrices with condition 1e5, and springs of 1e9 in place of none
DISPATCH_ALGEBRA = 1e-8
# voltages of nothing
NOTHING_FOUND = 1e-4  # pu; found 1.5e-5, where the mismatch that Newton really leaves is less than the one it may leave


def next_to_nothing(mismatch: float, share: float, admittance: float) -> float:
    """Voltage below which a solution is not told from no voltage at all: there the mismatch that Newton leaves, against a voltage V, is more than the
    share of the currents |y||V| that may be left over. [pu]
    """
    return min(math.sqrt(mismatch / (share * admittance)), NOTHING_FOUND)


# what the bench hands to peers
SAME_PROGRAM = 1e-7  # currency/h; a few hundred, from two solvers that keep rows to 1e-9
GUARDED = 1e-4  # pu²; what a guard of a millionth of a transformer draws through a source of a thousandth of its impedance, with room
TIGHTENED_PU = 4.5e-3  # pu; error of the three-phase model on feeder33x3, measured 3.9e-3 too high and 1.1e-3 too low
PUBLISHED_PU = 1e-2  # pu; the same on IEEE 13 (9.4e-3) and 123 (5.5e-3), whose voltages fall by a tenth
LEFT_OUT = 1e-8  # MW; entries below 1e-9 MW by MW are left out of flow limits, under a dozen injections of up to 1 MW
# choice of market
SURPLUS_LEFT = 1e-5  # currency of 2e3 an hour; the identity of what a company keeps takes prices from interior points, which end at 1e-9 relative
WHOLE = 1e-6  # of a block; HiGHS's own tolerance for whole numbers is 1e-9
ENVELOPE = 1e-6  # relative; slopes of piecewise linear costs by differences that pass no kink
LINEAR_MODEL = 4e-3  # pu; the lossless linear model against AC in feeders of a band of 0.05 pu, measured 0.0038 over the days of all market systems
# AC optimal power flow
AC_TWIN = 1e-11  # relative; polar and rectangular forms of the same sums of a few dozen terms
BENT_BY_DIFFERENCE = 1e-6  # relative; central differences with STEP of slopes that are exact leave about STEP² of third derivatives of size 10
AC_IS_FLOW = 1e-6  # pu; rows of the optimum are kept to 1e-8, and reactances of a ring turn them into a hundred times as much at most
SMOOTH_OPTIMUM = 1e-6  # published to seven digits; conditions to 1e-8 times multipliers of size 1
SMOOTH_PRICE = 1e-5  # central differences with PRICE_STEP of costs to 1e-10 leave 1e-7 and PRICE_STEP² of third derivatives; places to 1e-6
AC_IS_FLOW_DEG = 1e-4  # deg; the same in degrees
AC_PRICE = 1e-4  # currency/MWh; central differences with 0.01 MW of costs of 2e4 known to 1e-10
AC_SHADOW = 1e-4  # relative; the same for a step of 1e-4 pu of voltage
AC_COST = 1e-7  # relative; two ways to one optimum, conditions to 1e-8 times multipliers
GIVEN_WAY = 60.0  # MW; losses of transporting 300 MW more than the units have through five lines
# dispatch at a boundary
SLOPE_OF_OPTIMUM = 1e-4  # relative; central differences of steps of 1e-4 pu and 0.1 currency/h/pu between optima whose conditions hold to 1e-10
OWN_COST = 1e-9  # relative; a difference of sums of size 1e3
UNIT_KEPT = 1e-12  # pu; to MW and back
DISPATCH_GAP = 1e-6  # relative; promised of boundary-SQP: both sides within 1e-6 pu of each other, at prices of 4000 currency/h/pu, of costs of 8000
DISPATCH_GAP_LEAST = 1e-5  # relative; of schemes that stop at movements of 1e-4 MW, and of hours of small cost
DISPATCH_SAME = 1e-9  # relative; promised of hours begun in two ways, whose last steps square an error of 1e-4 pu
DISPATCH_VOLTAGE = 1e-4  # pu; promised; the optimum is flat in voltages
DISPATCH_PRICE = 1e-3  # relative; promised, as voltages move prices by their losses
SAME_CHECK = 1e-3  # MW; exchanges agree to 1e-6 pu, which losses and the reference unit double
STEP_SOLVED = 1e-8  # relative; refined to 1e-10, with matrices whose entries spread over up to six orders
SAME_AS_IPOPT = 1e-7  # relative; both keep conditions to 1e-8 times multipliers
PUBLISHED_ITD = 5e-4  # currency/h of 2e4; their Ipopt accepts what is solved to 1e-8 at an acceptable level
ROUNDING = 1e-15  # asked of a program whose products of size 10 leave 3e-14
# continuation
NOSE_FOUND = 1e-6  # relative; promised, and λ near a nose changes by the square of the distance along the curve, which is found to 1e-9
ON_CURVE = 1e-8  # pu; voltages of a mismatch of 1e-10, away from the nose
AT_NOSE_PU = 1e-4  # pu; λ to 1e-9 leaves the root of it in voltages
BORDERED = 1e-9  # relative; two factorisations of one bordered matrix of condition 1e5 at most
MATPOWER_CPF = 1e-3  # of λ; the accuracy at which MATPOWER's own test holds its noses
MATPOWER_P = 1e-4  # of λ; that of its test of active limits
MATPOWER_FLOW_MVA = 0.01  # MATPOWER stops where a flow is this close to its rating (cpf.flow_lims_tol)
MATPOWER_V_PU = 1e-4  # and a voltage to its limit (cpf.v_lims_tol)
MATPOWER_Q_MW = 5e-3  # of units at the end of the full trace; it takes limits of Q for met within 0.01 Mvar (cpf.q_lims_tol)
LIMIT_MET = 1e-8  # pu; a limit is found to 1e-9
LEVEL = 1e-7  # dλ along the arc at a nose
SLOPE_OF_POWER = 1e-7  # pu; central differences with 1e-5 of powers of size 1
# what would have to give way
RELIEVED = 1e-3  # relative; limits move by what a search to 1e-8 asks for, and the next search wants an interior
SAME_NOSE = 1e-8  # relative; two ways to one nose, found to 1e-9 along the arc
ON_JOINT_CURVE = 1e-7  # pu; voltages of a mismatch of 1e-8 MVA at the same λ, some of them near the nose
ROW_BY_DIFFERENCE = 1e-6  # relative; central differences with 1e-4 of load flows to 1e-10
EARLY = 2e-3  # of λ, by which feeders asked at a fixed root voltage end behind the nose; measured 0.3 to 0.8 %
NOTED = 1e-3  # of λ; tables of an earlier study, from steps of 0.02
HERMITE = 1e-4  # relative; the top of a cubic over a step of 0.05 pu
SAME_LIMIT = 2e-5  # of λ; coordinated, a limit is met where it is passed by 5e-8 pu, at slopes down to 0.003 pu by λ
# limits met together
LIMIT_KEPT = 2e-8  # per unit; a limit counts as exceeded by more than 1e-8, and places are corrected to 1e-10
BY_LIMIT = 1e-2  # of λ by Mvar or MW of a limit of one of two units, on 120 MW
MOST_DRAWN = 1e-9  # relative; power is flat where it is most, and its derivative is brought to 1e-9
PEAK = 2e-4  # of λ, to either side of the most power, where loads draw 1e-7 less
# bounds from below
FLOOR_MEETS = 1e-6  # relative; a solver's multipliers to 1e-9 over ranges of a few units
FLOOR_ROUNDS = 1e-12  # relative; a dozen sums of products of order 10
CONE_HOLDS = 1e-9  # per unit; identities of products of voltages, where impedances divide differences of voltages by 1e-3
CONE_BELOW = 1e-7  # relative; an optimum keeps its rows to 1e-8, times multipliers of its own size; the bound itself needs none
CONE_MEETS = 1e-5  # relative; what a solver of tolerance 1e-7 leaves, after its multipliers are mended
CONE_TIGHT = 1e-4  # relative; demand between chords and tangents of its law
BOUND_FALLS = (
    5e-3  # relative; measured 1e-3 to 2.4e-3 on the cases of docs/explanation/coordinated-dispatch.md: how loose cones are on meshed systems
)
# what a feeder can exchange
REACH_ANALYTIC = 1e-6  # MW, Mvar, MW·Mvar; rows of the optimum are kept to 1e-10 pu, and interior points stay a little inside of corners
REACH_ROUND = 2.5e-2  # relative; π²/n² of n = 32 directions evenly about an ellipse is 0.0096; of a thin one the first directions are wasted
REACH_SPLIT = 3.0  # twice the directions leave a quarter of the room; the last doublings are uneven
REACH_INNER = 1e-2  # relative; the search ends at 1e-3 of the area, and a parabola's halves are reckoned, not known
REACH_STATE = 1e-5  # MW; rows of the optimum to 1e-10 pu, Newton to 1e-10 pu, through 33 buses
REACH_BEYOND = 1e-2  # of the extent; inside of outlines by as much all points have a load flow, outside none
REACH_CONE = 1e-4  # MW; cones and rows of the conic solver to 1e-8 of sums of 20 MW
REACH_NEARBY = 1e-2  # MW; what searches from other starts may still gain; measured below 1e-3
REACH_PRINTED = 1e-3  # MW; three digits are printed
# feeders as networks of phase nodes
PHASES_PU = 1e-8  # between phases; two load flows to 1e-10 MVA through admittances of 1e-3 pu
LOSSES_ADD_UP = 1e-7  # MW; sums of fifty flows of up to 10 MVA each to rounding, and load flows to 1e-8 MVA
HELD_PU = 1e-6  # pu; limits are kept to 1e-8 of scaled conditions
# what would have to give way
# shift factors and outages
PTDF = 1e-10  # per unit; promised: one solution with factors of a matrix of condition 1e4 at most here
LODF = 1e-9  # relative to 1 + the largest flow; promised: the same divided by 1 − h, which is above 1e-2 in these networks
CENT = 5.001e-3  # currency/h; half of the last digit printed
KAPPA = 1e-5  # relative; central differences over 2e-4 pu leave the square of that times third derivatives, and costs to 1e-10
KAPPA_AGREED = 1e-5  # relative; the same at a voltage and prices agreed to 1e-6 pu
ENGINE_MVA = 1e-4  # MW, Mvar at a boundary; promised against OpenDSS, whose own tolerance of 1e-12 leaves much less
ENGINE_PU = 1e-4  # pu; promised likewise
# networks that only carry
TRANSPORTED = 1e-4  # currency/h of 1e4; linear and quadratic programs to 1e-8 relative
CARRIED_BY_SQUARES = 1e-3  # MW; where a square is all that decides, an error of cost of 1e-7 moves power by its root
WOODBURY = 1e-9  # relative to 1 + the largest; promised: a correction of two columns against factors of the network without the branch
SETTLED = 1e-8  # pu; decoupled steps that come to rest, against a load flow of mismatch 1e-11: gains of 0.3 a pair leave 1e-12 after 40
SCREENED_RANK = 0.9998  # Spearman; measured in a study prototype on IEEE 118 with four boundary buses
SCREENED_INDEX = 0.11  # relative; error of the index after one cycle, measured there on IEEE 14


def scaled(tolerance: float, values: Any) -> float:
    """Relative to 1 + the largest."""
    return tolerance * (1 + float(abs(values).max()))


AGREED_INDEX = 1e-6  # relative; boundary voltages agree to 1e-9 pu, which flows of 850 % of a rating take to the power 4
PRINTED_FLOW_MVA = 0.05 + 1e-9  # MVA; one decimal in the file
ORTHOGONAL = 1e-10  # sums of a hundred products of steps of size 1e-3 with a row of length 1, by factors of condition 1e4
# sun and wind
EXPECTED = 1e-10  # of most power; closed forms against quadrature, which is asked for 1e-13 and left 1e-12 at kinks
MOMENT = 1e-12  # relative; a few products of incomplete beta and gamma functions, each to 1e-14
SHAPE = 1e-9  # relative; logarithms of gamma functions cancel down to the square of the spread, 1e-6 at the least, against 1e-16
CONTINUOUS = 1e-9  # of most power; curves of slope 1 or less, looked at 1e-10 beside their edges
SAMPLED = 5.0  # standard errors of a mean of draws; chance exceeds it once in two million
# scripted experiments of voltage security
SAME_RATIO = 1e-12  # relative; a ratio of two products, rounded a few times
EXPERIMENT_STAR = 5e-4  # of λ*; numbers told with three decimals
EXPERIMENT_LOSS_MW = 5e-4  # MW; the same
SUPPORT_EQUAL = 1e-6  # of λ*; units at a limit of reactive power are units that give it, and noses are found to 1e-9 along the arc
# outages by steps with the factors of the network before them
FEW_LEFT = 0.02  # of the outages go on by full steps; measured 0 of 177 and 1 of 159

# strategic companies
WIDE_LINEAR_MODEL = 6e-3  # pu; as LINEAR_MODEL in feeders of a band of 0.15 pu, measured 0.0047
ROUNDED = 1e-14  # relative; a few operations on published numbers
SLOPE_MW = 1e-3  # MW; step of central differences of a piecewise-linear cost, whose kinks are elsewhere
# bilevel programs
PLANES = 1e-8  # relative; planes of linear programs to 1e-9, of which a search leaves 1e-10 of the cost
SAME_PRICE = 1e-9  # currency per unit, and units; vertices of programs with small whole numbers
# strategic companies, and bands of forecast errors
BEST = 1e-7  # relative to the company's cost: searches among whole numbers end at 1e-9
ROUTES = 1e-5  # relative to the cost: promised between routes
CHEAPER = 1e-4  # relative: what knowing the curve must be worth where this is looked for; found: 1e-2 of it
GRID_MW = 1e-6  # MW; an exchange of a grid put into a program, taken back
RADIUS = 1e-4  # of α: promised between one program and bisection, which ends at 1e-7 of the band
BUDGET_HIT = 1e-5  # relative: promised of the cost at α against its budget
SETTLED_LEFT = 1e-6  # currency of 1e5; sums of a few thousand products
SAME_STRATEGY = 1e-5  # relative; promised between searches, each of which ends its gap at 1e-9 and keeps pairs to 1e-6
CERTIFIED = 1e-6  # relative; promised for payments and prices, from linear programs to 1e-9
CONIC_LEADER = 1e-4  # relative; SCIP keeps cones to 1e-6, which an optimum that bends takes the root of
SCIP_OPTIMUM = 1e-5  # relative; SCIP keeps rows to 1e-6, and prices here are of size 1 to 10
BRUTE_STEP = 0.01  # units of θ between points of a grid
SAME_ROUTE = 1e-6  # relative; searches among whole numbers that end at gaps of 1e-9 and 1e-6, and a linear program at their end
# limits of buses and branches along a coordinated curve; changes of flows
NOTED_BETWEEN = 1e-4  # of λ; cubics over steps of 0.05 pu, measured 4.5e-5, on the lower branch
NOTED_BETWEEN_MW = 0.05  # MW; the same times loads of 400 MW
EXPECTED_APART = 5.0  # % of the rating; what an earlier study expected of changes by shift factors against AC
PTDF_MW = 1e-8  # MW, relative to 1 + the largest change; PTDF on 100 MVA
# the nose of MATPOWER's test with reactive limits
MATPOWER_Q_MVAR = 0.01  # Mvar; within it MATPOWER takes a reactive limit for met (cpf.q_lims_tol)
NOSE_SETTLED = 1e-9  # of λ; noses found along the arc to 1e-9, whose λ is then good to its square, after load flows to 1e-10
# fast reserve of feeders, and days secure in frequency
RELAXED = 1e-5  # relative to squared flows, or to 1 MVA²; promised of cones
DELIVERED_MW = 1e-3  # MW; promised of load flows of a plan against it
BROKEN_PU = 1e-3  # pu; promised of limits in them
REPLAYED = 1e-9  # pu, MW; sweeps to 1e-13 against Newton to 1e-10
REQUIRED_MW = 1e-4  # MW; promised of cones in a program solved to 1e-10 of its cost
SUPPORTED = 1e-4  # relative; promised: what a feeder costs itself at prices of the joint plan
MARGINAL = 1e-4  # relative; central differences of a smooth cost, steps of 0.05 MW, programs to 1e-10 of 1e4
NESTED = 1e-6  # relative; two programs of which one has more limits, each solved to 1e-9
CLOSE = 1e-3  # relative; what penalties on losses may cost an evening, measured 4e-5
LOSSLESS = 1e-4  # relative; impedances of a millionth
# frequency after a loss
PRINTED_RESERVE = 1e-4  # MW; promised of two printed numbers
PRINTED_EQUIVALENCE = 5.1e-4  # MW/MW; three decimals of an earlier study
PRINTED_PRIMARY = 5e-3  # MW; two decimals there
PRINTED_SHARE = 1e-4  # of 1; a tenth of a percent there
PRINTED_PERCENT = 0.01  # %; two decimals of an earlier study
CONE_RESERVE = 1e-4  # MW of 191; promised, from a cone program to 1e-9
CHORD_MW = 0.01  # MW; the error that chords are asked for
CHORDS_ALIKE = 1e-5  # relative; the largest of 2001 points beside a parabola's top
SURE_NADIR = 1e-6  # Hz of 1; promised for random draws, closed forms on both sides
EXACT_NADIR = 1e-9  # Hz of 1; two closed forms of one parabola
HELD_SLOPE = 1e-5  # relative; central differences of a step of 1e-4 of a function that bends little
STEPPED_NADIR = 1e-6  # Hz of 1; Heun steps of 5 ms against closed form, measured 1e-7
PRINTED_NADIR = 6e-3  # Hz; two decimals of an earlier study
PRINTED_SLOW = 1.1e-3  # Hz; three decimals there, found with steps of the first order
OTHER_STEPS = 1e-5  # Hz of 1; steps ten times as small
MORE = 1e-12  # MW, relative; the rounding of a few operations
SIMULATED = 1e-4  # Hz of 0.7; another simulator, trapezoidal steps of 5 ms: measured 1e-7
LOWEST_HZ = 1e-3  # Hz; promised of binding hours, services as promised
# retail tariffs
TARIFF_MWH = 1e-6  # MWh; what linear programs leave of demand that gives way where that never pays
# curves of single buses, held against those of another tool at other places
CURVE_BETWEEN_PU = 1e-3  # pu; a straight line between places 0.03 pu apart, measured 2.5e-4
CURVE_BETWEEN_MW = 0.05  # MW; the same for what a bus draws, up to 300 MW
BY_CONDITIONS = 4e-8  # currency per unit; what searches by conditions of optimality had left in a price of 40
BESIDE = 1e-5  # units of a draw; so near a kink that it is looked at, and so far that it is not in reach
# retail tariffs
# markets that are short
SHORT_MW = 0.01  # MW; six digits of a thousand, as the sentence tells them
# a plan in time
AT_REST_HZ = 1e-3  # Hz; what 30 s leave of the way to rest, measured 2e-4
BETWEEN_HZ = 1e-4  # Hz; lowest of samples 0.05 s apart beside that of steps of 5 ms
CLOSED_MW = 0.1  # MW of 100; the loss against reserve after 30 s
# commitment
COMMITTED = 1e-6  # relative, MW; the gap that a search among whole numbers is asked for
STATED_MWS = 0.5  # MW·s; whole numbers of an earlier study
# experiments of energy and reserve
FOUND_RESERVE = 1e-6  # relative; cone programs to 1e-10 of what they cost, measured 1e-8
FOUND_PRICES = 1e-6  # relative; multipliers of the same, measured 1e-8
PRINTED_FAST = 6e-3  # MW; two decimals of an earlier study, and a line between rows 1.2 MW apart (measured 5e-4)
LITTLE_LEFT = 0.2  # % of the cost that penalties and cones may leave between plan and bound; measured 0.12 at most
# a company that moves prices of energy and of reserve
SEARCHED = 1e-5  # relative; promised of routes, whose searches end at 1e-7
FITS = 1e-6  # relative; what certificates accept

# ── a day of energy and reserve as a study ───────────────────────────────────────────────────────────────────────────────────
RESERVE_SUMS_MW = 1e-6  # MW; the interior point stops at 1e-10 of hundreds of MW, and many rows are summed
RESERVE_BOOKS = 1e-9  # relative to all that is paid; prices and balances are those of one program solved to 1e-10
# a refined nadir
CONE_OPTIMUM = 1e-5  # MW, relative; the least of a cone program to 1e-10 of its cost
MORE_COST = 1e-6  # relative; two programs solved to 1e-10
LESS_MW = 0.1  # MW; what the refinement saves where it saves anything, measured 0.18 and more
RESERVE_COST = 1e-8  # relative to the cost, and Hz; two programs solved to 1e-10, one of which holds what the other found
HELD_PRICES = 1e-6  # relative; prices of transmission alone at the owner's prices, both found to 1e-10
REPAIRED_MW = 1e-9  # MW; one load flow beside itself
# an award in another engine
SAME_AWARD_MW = 1e-6  # MW; its Newton to 1e-9 MVA
SAME_AWARD_PU = 1e-6  # pu; the same
TANGENT = 1e-6  # absolute; what tangents and interior points leave of numbers near 1
EXACT_PRICE = 1e-6  # relative; multipliers of one program solved to 1e-10, with what was agreed held by prices
# ── verdicts on architectures ────────────────────────────────────────────────────────────────────────────────────────────────
BY_HAND = 1e-9  # scores are rounded to nine digits
BY_CHANCE = 0.083  # three standard deviations of a share of 0.35 among 300 draws
HIGHER = 1e-9  # shares added in another order
HELD_ON_AVERAGE = 0.01  # printed to two digits; 300 draws of 83 verdicts leave less
BENCH_JUDGED_S = 5.0  # s of one core; measured 0.3
# architectures
SHARES = 1e-9  # of 1; the sum of a few decimal fractions
# a simulated day judged
JUDGED_LOSS_MW = 1e-6  # MW; mismatch of load flows to 1e-10 per unit of 100 MVA at each node
JUDGED_POWER = 1e-6  # MVA, share; the same, of two load flows
JUDGED_VOLTAGE = 1e-9  # pu; the same
JUDGED_DAY_MS = 30.0  # ms of 24 periods of 146 buses; measured 12
HIDDEN_SHARE = 0.05  # of what breaks limits, by less than the tolerances; measured 0.014
SAME_MEASURE = 1e-9  # of numbers near 1; sums of a few doubles
BY_DRAWS = 0.03  # six standard deviations of a share among 9999 draws, and what a distribution for many pairs lacks at 20
# ── shared grids of architectures ────────────────────────────────────────────────────────────────────────────────────────────
TOY = 1e-6  # EUR, MW; linear programs of a dozen columns
BEYOND = 1e-6  # MVA, pu², currency/MWh; what linear programs leave of a limit that binds
PART_SUMS = 1e-12  # relative; sums of a few hundred equal parts
IN_PARTS = 1e-4  # relative to a system's cost; parts of resources are up to 1 % dearer or cheaper, and resources a few percent of it
# envelopes, repair and the traffic light of feeders
TOY_MW = 1e-9  # MW; whole numbers after a few additions, or vertices of small programs
BOX_MW = 1e-6  # MW; programs keep rows to 1e-9, and limits that are broken by 1e-7 count as held
PUSHED_MW = 1e-5  # MW; an end that moves by this must break a limit; effects of random feeders may be as small as a few per mille
SHARE_OF_DRAWS = 0.012  # four standard deviations of a share among 40,000 draws, and what the series leaves
SERIES = 1e-3  # of a probability; what a Fourier series of 128 terms may leave
SAME_DAY = 1e-9  # relative; one linear program beside its parts
# ── architectures carried out ────────────────────────────────────────────────────────────────────────────────────────────────
DAY_COST = 1e-6  # relative; the common market and the layered one are one program solved in two ways
TOLD_MWH = 0.005  # MWh; two decimals of the documentation
