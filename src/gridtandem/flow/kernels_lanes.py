r"""Eight numbers side by side: the number type of kernels that sweep eight rows at once.

`Lanes` is one machine vector (or two, or four: the compiler splits it where the machine's are shorter). Its operations are single IEEE 754
operations per lane, never reordered, and fused only where `more` and `less` say so, so a lane's bits depend neither on its neighbours nor on the
machine. Powers are computed here for the same reason (and because a library's would be called lane by lane):

.. math:: m^n = 2^k \sum_{i=0}^{13} \frac{r^i}{i!}, \quad n \ln m = k \ln 2 + r, \qquad
          \ln m = e \ln 2 + 2 \sum_{i=0}^{10} \frac{t^{2i+1}}{2i+1}, \quad t = \frac{f-1}{f+1}, \quad m = 2^e f, \; f \in [\sqrt{1/2}, \sqrt 2)

Both series end below :math:`10^{-17}`. Sources: the Taylor series of exp and artanh; ln 2 in two parts after W. J. Cody and W. Waite, "Software
manual for the elementary functions", Prentice-Hall, 1980.
"""

from __future__ import annotations

import math
import operator
from types import MappingProxyType
from typing import final

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.typing.templates import ConcreteTemplate, infer_global
from numba.extending import intrinsic, lower_builtin, models, register_model

from gridtandem.flow.kernels_shared import WIDTH

ALL = (1 << WIDTH) - 1  # a mark has one bit per lane

DOUBLE, LONG = ir.DoubleType(), ir.IntType(64)
VECTOR, INTEGERS, BITS = (ir.VectorType(t, WIDTH) for t in (DOUBLE, LONG, ir.IntType(1)))
ROOT_HALF = int(np.float64(math.sqrt(0.5)).view(np.int64))
LN2_HIGH, LN2_LOW = 0.693145751953125, 1.42860682030941723212e-6  # the first has 21 bits, so that its multiples are exact
ATANH = tuple(2.0 / (2 * i + 1) for i in range(10, -1, -1))
TAYLOR = tuple(1.0 / math.factorial(i) for i in range(13, -1, -1))


@final
class LanesType(types.Type):
    """Type of `Lanes` inside kernels."""

    def __init__(self):
        super().__init__(name="Lanes")


LANES = LanesType()


@final
@register_model(LanesType)
class LanesModel(models.PrimitiveModel):
    """One vector."""

    def __init__(self, manager, kind):
        super().__init__(manager, kind, VECTOR)


def named(function):
    """The same, its name made that of one closure: functions that a factory makes differ by what they close over alone.

    numba names machine code after the function, the types of its arguments and a number that counts within a process. Kernels that were cached
    by two processes may thus bring two functions of one name, and the loader takes either for both: numbers come out wrong, silently.
    """
    held = (getattr(cell.cell_contents, "py_func", cell.cell_contents) for cell in function.__closure__ or ())
    inside = ", ".join(getattr(each, "__qualname__", repr(each)) for each in held)
    function.__qualname__ += f"[{inside}]" if inside else ""
    return function


def inner(function):
    """Compile as part of a kernel."""
    return numba.njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)(named(function))


def inlined(function):
    """Compile into every place that calls it."""
    return numba.njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True, forceinline=True)(named(function))


def _place(context, builder, signature, args):
    array = context.make_array(signature.args[0])(context, builder, args[0])
    at = builder.gep(array.data, [builder.mul(args[1], ir.Constant(args[1].type, WIDTH))])
    return builder.bitcast(at, VECTOR.as_pointer())


@intrinsic
def take(_, array, k):
    """Row k of an array (…, 8)."""

    def code(context, builder, signature, args):
        return builder.load(_place(context, builder, signature, args), align=8)

    return LANES(array, types.intp), code


@intrinsic
def put(_, array, k, x):
    """Store to row k of an array (…, 8)."""

    def code(context, builder, signature, args):
        builder.store(args[2], _place(context, builder, signature, args), align=8)
        return context.get_dummy_value()

    return types.void(array, types.intp, LANES), code


@intrinsic
def fill(_, x):
    """The same number in every lane."""

    def code(context, builder, signature, args):
        none = ir.Constant(VECTOR, ir.Undefined)
        first = builder.insert_element(none, args[0], ir.Constant(ir.IntType(32), 0))
        return builder.shuffle_vector(first, none, ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH))

    return LANES(types.float64), code


def _operator(what, instruction):
    """Lowered directly, and asked before the many operators of numba's own types: both save time to compile."""

    @infer_global(what)
    @final
    class Both(ConcreteTemplate):
        cases = (LANES(LANES, LANES),)
        metadata = MappingProxyType({"target": "cpu"})

    @lower_builtin(what, LANES, LANES)
    def code(context, builder, signature, args):
        return getattr(builder, instruction)(args[0], args[1])


for _what, _instruction in ((operator.add, "fadd"), (operator.sub, "fsub"), (operator.mul, "fmul"), (operator.truediv, "fdiv")):
    _operator(_what, _instruction)


def _called(builder, name, args):
    kind = ir.FunctionType(VECTOR, [VECTOR] * len(args))
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, f"llvm.{name}.v{WIDTH}f64"), args)


@intrinsic
def larger(_, x, y):
    """The larger number of each lane; not a number where one of them is not."""
    return LANES(LANES, LANES), lambda context, builder, signature, args: _called(builder, "maximum", args)


@intrinsic
def more(_, x, a, b):
    """x + a b, rounded once, on every machine."""
    return LANES(LANES, LANES, LANES), lambda context, builder, signature, args: _called(builder, "fma", (args[1], args[2], args[0]))


@intrinsic
def less(_, x, a, b):
    """x − a b, rounded once, on every machine."""
    return LANES(LANES, LANES, LANES), lambda context, builder, signature, args: _called(builder, "fma", (builder.fneg(args[1]), args[2], args[0]))


@intrinsic
def square_root(_, x):
    """Square root of each lane."""
    return LANES(LANES), lambda context, builder, signature, args: _called(builder, "sqrt", args)


@intrinsic
def nearest(_, x):
    """Nearest whole number of each lane, ties to even."""
    return LANES(LANES), lambda context, builder, signature, args: _called(builder, "rint", args)


@intrinsic
def at_most(_, x, y):
    """Mark of the lanes where x ≤ y."""

    def code(context, builder, signature, args):
        return builder.zext(builder.bitcast(builder.fcmp_ordered("<=", args[0], args[1]), ir.IntType(WIDTH)), LONG)

    return types.int64(LANES, LANES), code


@intrinsic
def choose(_, mark, x, y):
    """x in the marked lanes, y in the others."""

    def code(context, builder, signature, args):
        return builder.select(builder.bitcast(builder.trunc(args[0], ir.IntType(WIDTH)), BITS), args[1], args[2])

    return LANES(types.int64, LANES, LANES), code


@intrinsic
def exponent_of(_, x):
    """e of x = 2^e f with f in [√½, √2), for positive normal x."""

    def code(context, builder, signature, args):
        shifted = builder.sub(builder.bitcast(args[0], INTEGERS), ir.Constant(INTEGERS, [ROOT_HALF] * WIDTH))
        return builder.sitofp(builder.ashr(shifted, ir.Constant(INTEGERS, [52] * WIDTH)), VECTOR)

    return LANES(LANES), code


@intrinsic
def two_to(_, k):
    """2^k for whole k from −1022 to 1023."""

    def code(context, builder, signature, args):
        biased = builder.fptosi(builder.fadd(args[0], ir.Constant(VECTOR, [1023.0] * WIDTH)), INTEGERS)
        return builder.bitcast(builder.shl(biased, ir.Constant(INTEGERS, [52] * WIDTH)), VECTOR)

    return LANES(LANES), code


@inlined
def power(m, n):
    """m to the power of n, for positive normal m and |n ln m| < 708; formula at the head of this file."""
    e = exponent_of(m)
    f = m * two_to(fill(0.0) - e)
    t = (f - fill(1.0)) / (f + fill(1.0))
    tt = t * t
    sum_ = fill(ATANH[0])
    for i in range(1, len(ATANH)):
        sum_ = sum_ * tt + fill(ATANH[i])
    y = n * (e * fill(LN2_HIGH) + (t * sum_ + e * fill(LN2_LOW)))
    k = nearest(y * fill(1.0 / math.log(2.0)))
    r = (y - k * fill(LN2_HIGH)) - k * fill(LN2_LOW)
    out = fill(TAYLOR[0])
    for i in range(1, len(TAYLOR)):
        out = out * r + fill(TAYLOR[i])
    return out * two_to(k)
