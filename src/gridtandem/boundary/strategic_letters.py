"""Letters from a market operator to a company that moves the price: the curve of its price, or the whole of its market.

Both tell what the market would do, so the ledger counts every number of them. A curve has two powers and a price for each step; a market disclosed is
every offer and line of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from gridtandem.boundary.layout import Ask, common, dense, long
from gridtandem.tables import Code, Index, Real


@final
@dataclass(frozen=True, slots=True, eq=False)
class Residual:
    """Residual supply: the price at an interface by what is taken there, in steps.

    Interfaces of one company at one bus of transmission have one price that all of them move, so they count as one *total*: its steps stand at the
    first of them, ``head``, and powers there are those of all together.
    """

    head: Index = dense("interface at which the steps of the total stand that this one belongs to", dtype="i8")
    worth: Code = dense("worth of the row; ESTIMATE: the company moves the price at other buses too, which here stay where they are", dtype="i1")
    scenario: Index = long("of the step", dtype="i8")
    period: Index = long("of the step", dtype="i8")
    interface: Index = long("of the step: the head of its total", dtype="i8")
    from_mw: Real = long("where the step begins; the first one at the least total", "MW")
    to_mw: Real = long("where it ends; the last one at the most", "MW")
    price: Real = long("price there, rising with the exchange", "currency/MWh")


@final
@dataclass(frozen=True, slots=True, eq=False)
class MarketProgram:
    """A linear program of one market, min c·y + k under rows whose sides move with the exchange θ [MW], all its arrays as they stand.

    Matrices that are those of an earlier program are not told again.
    """

    blocks: tuple[str, ...] = common("names of the blocks of unknowns, one after the other")
    sizes: Index = common("how many unknowns each has")
    penalties: tuple[str, ...] = common("blocks whose unknowns let a limit give way, at a price")
    low: Real = common("least of each unknown", "MW")
    high: Real = common("most of each unknown", "MW")
    cost: Real = common("cost of each unknown", "currency/MW")
    constant: float = common("cost in any case", "currency")
    row_blocks: tuple[str, ...] = common("names of the blocks of rows")
    row_sizes: Index = common("how many rows each has")
    row_low: Real = common("least side of each row at an exchange of 0", "MW")
    row_high: Real = common("most side of each row there", "MW")
    like: int = common("program whose matrices these are; its own number where they stand here")
    row: Index = common("entry of the matrix: its row")
    column: Index = common("its unknown")
    value: Real = common("its value")
    moved_row: Index = common("entry of the matrix of θ, which moves both sides: its row")
    moved_by: Index = common("its number of θ")
    moved_value: Real = common("its value")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Disclosed:
    """The market whole: one program for each period, or one for all where periods hang together; and which exchange is which number of θ."""

    head: Index = dense("interface that stands for the total which this one belongs to, as in `Residual`", dtype="i8")
    worth: Code = dense("worth of the row", dtype="i1")
    interface: Index = long("head of the total that is a number of θ", dtype="i8")
    period: Index = long("its period", dtype="i8")
    program: Index = long("the program that it moves", dtype="i8")
    number: Index = long("its place in the θ of that program", dtype="i8")
    programs: tuple[MarketProgram, ...] = common("the programs")


@final
@dataclass(frozen=True, slots=True, eq=False)
class ResidualCurve(Ask[Residual]):
    """What is the price at each interface for every exchange between low and high, the other totals taking what stands in z?"""

    low: Real = dense("least exchange", "MW")
    high: Real = dense("most exchange", "MW")
    z: Real = dense("what an interface takes where it is one of the others", "MW")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Disclose(Ask[Disclosed]):
    """What is your whole market? Totals whose least and most exchange are equal in every period stay there and are no number of θ."""

    low: Real = dense("least exchange", "MW")
    high: Real = dense("most exchange", "MW")
