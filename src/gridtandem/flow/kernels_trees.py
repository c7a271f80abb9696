r"""The sweep of `gridtandem.flow.kernels_sweep` for eight feeders of different kinds side by side: every lane has a tree of its own.

What there is read once for eight rows is here read for each: impedances and exponents lie in lanes, and ``up`` holds for each node and lane
where its parent stands. Feeders with fewer nodes than the largest of their group end in nodes without impedance and demand that are their own
parents and change no number. Each lane does the operations of the other kernel in their order, so that a row has the same bits in either; a
``mark`` says in which lanes an operation counts.

``state`` and ``law`` as there. ``terms`` holds a factor and an exponent for each term; ``marks`` of lanes: where a term is active, where
reactive power, where a node has an admittance, where its parent is the node before, whose numbers are at hand; and the first term of each node.
"""

from __future__ import annotations

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from gridtandem.flow.kernels_lanes import ALL, LANES, VECTOR, WIDTH, at_most, choose, fill, inlined, inner, larger, power, put, square_root, take
from gridtandem.flow.kernels_sweep import FAR

INT = ir.IntType(64)
ACTIVE, REACTIVE, FIRST, SHUNTED, CHAINED = range(5)  # rows of ``marks``


def _parents(context, builder, signature, args, c):
    """Address of row c of each lane's parent of node k."""
    state, up = (context.make_array(signature.args[n])(context, builder, args[n]).data for n in range(2))
    first = builder.gep(up, [builder.mul(args[2], ir.Constant(args[2].type, WIDTH))])
    for i in range(WIDTH):
        at = builder.load(builder.gep(first, [ir.Constant(INT, i)]))
        yield builder.gep(state, [builder.add(at, ir.Constant(INT, c * WIDTH))])


def _above_of(c):
    @intrinsic
    def above(_, state, up, k):
        """Row c of the parents of node k."""

        def code(context, builder, signature, args):
            out = ir.Constant(VECTOR, ir.Undefined)
            for i, place in enumerate(_parents(context, builder, signature, args, c)):
                out = builder.insert_element(out, builder.load(place), ir.Constant(ir.IntType(32), i))
            return out

        return LANES(state, up, types.intp), code

    return above


def _lift_of(c):
    @intrinsic
    def lift(_, state, up, k):
        """Add row c of node k to that of its parents; number by number, as the sums of other lanes lie elsewhere."""

        def code(context, builder, signature, args):
            state = context.make_array(signature.args[0])(context, builder, args[0]).data
            own = builder.gep(state, [builder.mul(builder.add(builder.mul(args[2], INT(4)), INT(c)), INT(WIDTH))])
            for i, place in enumerate(_parents(context, builder, signature, args, c)):
                builder.store(builder.fadd(builder.load(place), builder.load(builder.gep(own, [INT(i)]))), place)
            return context.get_dummy_value()

        return types.void(state, up, types.intp), code

    return lift


_above_a, _above_b, _lift_x, _lift_y = _above_of(0), _above_of(1), _lift_of(2), _lift_of(3)


@inlined
def _constant(k, law, terms, marks, w):
    """Power that node k draws, per lane, whatever the voltage."""
    return take(law, 2 * k), take(law, 2 * k + 1)


@inlined
def _bending(k, law, terms, marks, w):
    """Power that node k draws, per lane, where |U|² = w."""
    m = square_root(w)
    p = take(law, 6 * k) + take(law, 6 * k + 2) * m + take(law, 6 * k + 4) * w
    q = take(law, 6 * k + 1) + take(law, 6 * k + 3) * m + take(law, 6 * k + 5) * w
    for t in range(marks[FIRST, k], marks[FIRST, k + 1]):
        add = take(terms, 2 * t) * power(m, take(terms, 2 * t + 1))
        p, q = choose(marks[ACTIVE, t], p + add, p), choose(marks[REACTIVE, t], q + add, q)
    return p, q


def _current_of(power_drawn):
    """Current of a node at voltage a + jb: of its demand, conj(S/U), and of its admittance."""

    @inlined
    def current(k, line, law, terms, marks, a, b):
        w = a * a + b * b
        p, q = power_drawn(k, law, terms, marks, w)
        d = fill(1.0) / w
        p, q = p * d, q * d
        x, y = p * a + q * b, p * b - q * a
        mark = marks[SHUNTED, k]
        if mark:
            g, h = take(line, 4 * k + 2), take(line, 4 * k + 3)
            x, y = choose(mark, x + (g * a - h * b), x), choose(mark, y + (g * b + h * a), y)
        return x, y

    return current


@inlined
def _tangent_current(k, line, law, terms, marks, a, b):
    """Current of the tangent, dJ = (law₀ + j law₁) dU + (law₂ + j law₃) conj(dU)."""
    ar, ai, br, bi = take(law, 4 * k), take(law, 4 * k + 1), take(law, 4 * k + 2), take(law, 4 * k + 3)
    return (ar * a - ai * b) + (br * a + bi * b), (ar * b + ai * a) + (bi * a - br * b)


@inner
def _gather(up, state):
    """Currents of whole subtrees, from those of nodes."""
    for k in range(len(up) - 1, 0, -1):
        _lift_x(state, up, k)
        _lift_y(state, up, k)


def _settle_of(current):
    """The sweeps, for one way in which a current follows from a voltage."""

    @inner
    def drop(beside, line, state, law, terms, marks, root, going):
        """Voltages under these branch currents in the lanes still going, the nodes' currents there, and the largest squared step."""
        moved, a, b = fill(0.0), root, fill(0.0)
        for k in range(len(beside)):
            mark = marks[CHAINED, k]
            a, b = choose(mark, a, _above_a(state, beside, k)), choose(mark, b, _above_b(state, beside, k))
            r, x = take(line, 4 * k), take(line, 4 * k + 1)
            jr, ji, oa, ob = take(state, 4 * k + 2), take(state, 4 * k + 3), take(state, 4 * k), take(state, 4 * k + 1)
            a, b = choose(going, a - (r * jr - x * ji), oa), choose(going, b - (r * ji + x * jr), ob)
            da, db = a - oa, b - ob
            moved = larger(moved, da * da + db * db)
            jr, ji = current(k, line, law, terms, marks, a, b)
            put(state, 4 * k, a)
            put(state, 4 * k + 1, b)
            put(state, 4 * k + 2, jr)
            put(state, 4 * k + 3, ji)
        return moved

    @inner
    def settle(up, beside, line, state, law, terms, marks, root, going, tol, most, lane):
        """Sweep until every lane rests or runs away; marks those that rest. ``lane`` gets the sweep at which each stopped."""
        zero, goal, far, rests = fill(0.0), fill(tol * tol), fill(FAR * FAR), 0
        for k in range(len(up)):
            put(state, 4 * k, root)
            put(state, 4 * k + 1, zero)
            put(state, 4 * k + 2, zero)
            put(state, 4 * k + 3, zero)
        drop(beside, line, state, law, terms, marks, root, going | ALL)  # `ALL` itself would be a type of its own
        for sweep in range(1, most + 1):
            _gather(up, state)
            moved = drop(beside, line, state, law, terms, marks, root, going)
            still = going & at_most(moved, goal)
            stop = going & (still | ~at_most(moved, far))
            if sweep == most:
                stop = going
            if stop:
                for i in range(WIDTH):
                    if stop >> i & 1:
                        lane[1, i] = sweep
                rests |= still
                going &= ~stop
                if going == 0:
                    break
        _gather(up, state)
        return rests

    return settle


settle_constant, settle_bending, settle_tangent = (_settle_of(c) for c in (_current_of(_constant), _current_of(_bending), _tangent_current))


def _drawn_of(power_drawn):
    """What the root draws, for one kind of demand."""

    @inner
    def drawn(line, state, law, terms, marks, own):
        """Demand, losses and shunts of each lane, from voltages and branch currents."""
        p, q = fill(0.0), fill(0.0)
        for k in range(len(line) // 4):
            a, b, jr, ji = take(state, 4 * k), take(state, 4 * k + 1), take(state, 4 * k + 2), take(state, 4 * k + 3)
            w, ell = a * a + b * b, jr * jr + ji * ji
            pk, qk = power_drawn(k, law, terms, marks, w)
            p = p + ((pk + take(line, 4 * k) * ell) + take(line, 4 * k + 2) * w)
            q = q + ((qk + take(line, 4 * k + 1) * ell) - take(line, 4 * k + 3) * w)
        put(own, 2, p)
        put(own, 3, q)

    return drawn


drawn_constant, drawn_bending = _drawn_of(_constant), _drawn_of(_bending)


@inner
def linear_constant(line, state, law, terms, marks, tangent):
    for k in range(len(line) // 4):
        a, b = take(state, 4 * k), take(state, 4 * k + 1)
        _put_tangent(k, line, tangent, a, b, a * a + b * b, take(law, 2 * k), take(law, 2 * k + 1), fill(0.0), fill(0.0))


@inner
def linear_bending(line, state, law, terms, marks, tangent):
    two = fill(2.0)
    for k in range(len(line) // 4):
        a, b = take(state, 4 * k), take(state, 4 * k + 1)
        w = a * a + b * b
        m = square_root(w)
        p, q = _bending(k, law, terms, marks, w)
        dp = take(law, 6 * k + 2) / m + two * take(law, 6 * k + 4)
        dq = take(law, 6 * k + 3) / m + two * take(law, 6 * k + 5)
        for t in range(marks[FIRST, k], marks[FIRST, k + 1]):
            n = take(terms, 2 * t + 1)
            add = take(terms, 2 * t) * n * (power(m, n) / w)
            dp, dq = choose(marks[ACTIVE, t], dp + add, dp), choose(marks[REACTIVE, t], dq + add, dq)
        _put_tangent(k, line, tangent, a, b, w, p, q, dp, dq)


@inlined
def _put_tangent(k, line, tangent, a, b, w, p, q, dp, dq):
    r"""a = y + h and b = (h − conj(s) / |U|²) U² / |U|² with h = conj(s') / 2|U|, where dp + j dq = s' / |U|."""
    half, d = fill(0.5), fill(1.0) / w
    dp, dq = dp * half, fill(0.0) - dq * half
    cr, ci = (a * a - b * b) * d, (a * b + a * b) * d
    x, y = dp - p * d, dq + q * d
    put(tangent, 4 * k, take(line, 4 * k + 2) + dp)
    put(tangent, 4 * k + 1, take(line, 4 * k + 3) + dq)
    put(tangent, 4 * k + 2, x * cr - y * ci)
    put(tangent, 4 * k + 3, x * ci + y * cr)
