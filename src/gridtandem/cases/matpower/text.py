"""A MATPOWER case file as it stands after running it: its tables, with the statements behind the tables executed.

Twenty-three of MATPOWER's own distribution cases end in code that turns kW into MW and ohm into per unit; a reader that skips it is wrong by
factors of a thousand. So every statement is executed, or the file is refused with the statement and its line. No statement is skipped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

from gridtandem.cases.matpower.language import Expression
from gridtandem.cases.matpower.tokens import Reader, Token, words
from gridtandem.cases.matpower.values import Bindings, Budget, Refused, Value, scalar, table
from gridtandem.errors import Fault, InvalidCase

BLOCKS: Final = ("if", "for", "while", "switch", "try", "parfor", "do", "unwind_protect", "spmd")
CLOSERS: Final = ("end", "endif", "endfor", "endwhile", "endswitch", "end_try_catch", "until", "end_unwind_protect")
OLD_OUTPUTS: Final = ("baseMVA", "bus", "gen", "branch", "areas", "gencost")  # of case files of version 1, in order


def _numbered(text: str) -> tuple[tuple[str, int], ...]:
    return tuple((name, int(number)) for name, number in (pair.split("=") for pair in text.split()))


# Names and values in the order in which idx_bus.m, idx_brch.m, idx_gen.m and idx_cost.m of MATPOWER 8.1 return them.
CONSTANTS: Final = {
    "idx_bus": _numbered(
        "PQ=1 PV=2 REF=3 NONE=4 BUS_I=1 BUS_TYPE=2 PD=3 QD=4 GS=5 BS=6 BUS_AREA=7 VM=8 VA=9 BASE_KV=10 ZONE=11 VMAX=12 VMIN=13 "
        "LAM_P=14 LAM_Q=15 MU_VMAX=16 MU_VMIN=17"
    ),
    "idx_brch": _numbered(
        "F_BUS=1 T_BUS=2 BR_R=3 BR_X=4 BR_B=5 RATE_A=6 RATE_B=7 RATE_C=8 TAP=9 SHIFT=10 BR_STATUS=11 PF=14 QF=15 PT=16 QT=17 "
        "MU_SF=18 MU_ST=19 ANGMIN=12 ANGMAX=13 MU_ANGMIN=20 MU_ANGMAX=21"
    ),
    "idx_gen": _numbered(
        "GEN_BUS=1 PG=2 QG=3 QMAX=4 QMIN=5 VG=6 MBASE=7 GEN_STATUS=8 PMAX=9 PMIN=10 MU_PMAX=22 MU_PMIN=23 MU_QMAX=24 MU_QMIN=25 "
        "PC1=11 PC2=12 QC1MIN=13 QC1MAX=14 QC2MIN=15 QC2MAX=16 RAMP_AGC=17 RAMP_10=18 RAMP_30=19 RAMP_Q=20 APF=21"
    ),
    "idx_cost": _numbered("PW_LINEAR=1 POLYNOMIAL=2 MODEL=1 STARTUP=2 SHUTDOWN=3 NCOST=4 COST=5"),
}


@final
@dataclass(frozen=True, slots=True, eq=False)
class MatpowerFile:
    """The fields of the case, by name without the name of the struct, and the name in the function line."""

    name: str
    fields: dict[str, Value]


def run_matpower(text: str, place: str) -> MatpowerFile:
    """Execute the text of a case file; everything that cannot be read or executed is refused at once, by line."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    found = words(text)
    run = _Run(text, found.faults)
    statements = _statements(found.tokens, found.faults)
    for statement in statements:
        run.statement(statement)
    if run.skipping:
        run.faults.append(Fault("file", f"ends inside {run.skipping} open block(s)", "the file looks cut off; get it anew", "case-103"))
    if not run.name:
        what = "holds no statement" if not statements else "has no line such as 'function mpc = case9'"
        run.faults.append(Fault("file", what, "give a MATPOWER case file", "case-102"))
    if run.faults:
        raise InvalidCase(f.at(place) for f in run.faults)
    return MatpowerFile(run.name, run.fields())


def _statements(tokens: list[Token], faults: list[Fault]) -> list[list[Token]]:
    """Cut at ``;``, ``,`` and line ends outside brackets."""
    done: list[list[Token]] = [[]]
    opened: list[Token] = []
    for token in tokens:
        sign = token.text if token.kind == "sign" else ""
        if sign and sign in "([{":
            opened.append(token)
        elif sign and sign in ")]}" and opened:
            opened.pop()
        if not opened and sign in (";", ",", "\n"):
            done.append([])
        elif not (sign == "\n" and opened[-1].text == "("):
            done[-1].append(token)
    if opened:
        what = f"opens a {opened[0].text!r} that is not closed"
        faults.append(Fault(f"line {opened[0].line}", what, "the file looks cut off or misses a bracket", "case-103"))
        done.pop()
    return [statement for statement in done if statement]


@final
class _Run:
    """Names so far, and the faults; one statement after another."""

    def __init__(self, text: str, faults: list[Fault]) -> None:
        self.text, self.faults = text, faults
        self.names: Bindings = {}
        self.budget = Budget()
        self.name, self.struct = "", ""  # of `function struct = name`
        self.outputs: tuple[str, ...] = ()  # of a file of version 1
        self.skipping = 0  # open blocks of a refused statement
        self.ended = False

    def fields(self) -> dict[str, Value]:
        """What the function returns."""
        if not self.struct:
            pairs = zip(self.outputs, OLD_OUTPUTS, strict=False)
            return {field: value for output, field in pairs if (value := self.names.get(output)) is not None}
        head = self.struct + "."
        return {name.removeprefix(head): value for name, value in self.names.items() if name.startswith(head) and value is not None}

    def statement(self, tokens: list[Token]) -> None:
        """Execute one statement, or note why not."""
        first = tokens[0].text if tokens[0].kind == "name" else ""
        if self.skipping:
            self.skipping += (first in BLOCKS) - (first in CLOSERS)
            return
        if self.ended:
            return self._refuse(tokens, "it stands behind the end of the function")
        if first in BLOCKS:
            self.skipping = 1
            return self._refuse(tokens, "only assignments are executed")
        if first in ("end", "endfunction", "return") and len(tokens) == 1 and self.name:
            self.ended = True
            return None
        try:
            if first == "function":
                self._function(tokens)
            elif first == "define_constants" and len(tokens) == 1:
                for constants in CONSTANTS.values():
                    self.names.update((name, scalar(number)) for name, number in constants)
            elif tokens[0].kind == "sign" and tokens[0].text == "[":
                self._constants(tokens)
            else:
                self._assign(tokens)
        except Refused as why:
            if why.args:
                self._refuse(tokens, str(why))
        return None

    def _refuse(self, tokens: list[Token], why: str) -> None:
        source = " ".join(self.text[tokens[0].start : tokens[-1].end].split())
        shown = source if len(source) <= 60 else source[:59] + "…"
        mend = "work it out and write the result, or delete the statement"
        self.faults.append(Fault(f"line {tokens[0].line}", f"cannot execute `{shown}`: {why}", mend, "case-104"))

    def _function(self, tokens: list[Token]) -> None:
        """``function mpc = name`` or ``function [baseMVA, bus, gen, branch] = name``."""
        if self.name:
            raise Refused("a case file is one function")
        kinds = [t.text if t.kind == "sign" else t.kind for t in tokens]
        if kinds[-2:] == ["(", ")"]:
            kinds, tokens = kinds[:-2], tokens[:-2]
        if kinds == ["name", "name", "=", "name"]:
            self.name, self.struct = tokens[3].text, tokens[1].text
        elif kinds[:2] == ["name", "["] and kinds[-3:] == ["]", "=", "name"] and set(kinds[2:-3]) <= {"name", ","}:
            self.outputs = tuple(t.text for t in tokens[2:-3] if t.kind == "name")
            self.name = tokens[-1].text
            if not 4 <= len(self.outputs) <= len(OLD_OUTPUTS):
                raise Refused(f"a case of version 1 returns {', '.join(OLD_OUTPUTS[:4])} and perhaps {', '.join(OLD_OUTPUTS[4:])}")
        else:
            raise Refused("only `function mpc = name` and `function [baseMVA, bus, gen, branch] = name` are read")

    def _constants(self, tokens: list[Token]) -> None:
        """``[PQ, PV, …] = idx_bus``."""
        kinds = [t.text if t.kind == "sign" else t.kind for t in tokens]
        if kinds[-3:] != ["]", "=", "name"] or tokens[-1].text not in CONSTANTS or not set(kinds[1:-3]) <= {"name", ",", "\n"}:
            raise Refused(f"several names at once are taken from {', '.join(CONSTANTS)} only")
        wanted, known = [t.text for t in tokens[1:-3] if t.kind == "name"], CONSTANTS[tokens[-1].text]
        if len(wanted) > len(known):
            raise Refused(f"{tokens[-1].text} returns {len(known)} values, not {len(wanted)}")
        self.names.update((name, scalar(number)) for name, (_, number) in zip(wanted, known, strict=False))

    def _assign(self, tokens: list[Token]) -> None:
        """``name = …`` or ``name(rows, columns) = …``."""
        if tokens[0].kind != "name":
            raise Refused("only assignments are executed")
        read = Reader(tokens, at=1)
        name = tokens[0].text + read.path()
        if not any(t.kind == "sign" and t.text == "=" for t in tokens):
            raise Refused("only assignments are executed")
        expression = Expression(read, self.names, self.budget)
        try:
            if read.sees("("):
                self._assign_part(name, expression)
            else:
                read.take("=")
                value = expression.value()
                read.finish()
                self.names[name] = value
        except Refused:
            self.names[name] = None
            raise

    def _assign_part(self, name: str, expression: Expression) -> None:
        if name not in self.names:
            raise Refused(f"{name!r} is not defined above")
        known = self.names[name]
        if known is None:
            raise Refused
        whole = table(known)
        rows, columns = expression.positions(whole)
        expression.read.take("=")
        value = table(expression.value())
        expression.read.finish()
        if value.shape not in ((1, 1), (len(rows), len(columns))):
            raise Refused(f"{value.shape[0]}×{value.shape[1]} numbers do not fit {len(rows)}×{len(columns)} places")
        changed = table(self.budget.spend(whole.copy()))
        changed[rows[:, None], columns] = value
        self.names[name] = changed
