"""The style as numbers: what a reader may count on in every file of the package.

``python -m tools.style`` prints what is broken and returns 1; ``tests/laws/test_style.py`` runs the same checks and breaks each on purpose.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import final

ROOT = Path(__file__).parents[1]
FILE_MOST, FILE_WARN = 500, 300
FUNCTION_MOST, FUNCTION_USUAL, USUAL_SHARE = 80, 40, 0.95
METHODS_MOST, POSITIONAL_MOST, SCHEME_MOST = 12, 5, 120

ANY_ALLOWED = {
    "src/gridtandem/kernels.py": "a kernel takes and returns what its own file says",
    "src/gridtandem/machine_code.py": "kernels of every kind; JSON; llvmlite has no types",
    "src/gridtandem/machine_code_of_numba.py": "numba has no types",
    "src/gridtandem/tables.py": "a declared column takes the type its annotation says, as dataclasses.field does",
    "src/gridtandem/cases/folder/read.py": "the tables of a network are those whose files exist",
    "src/gridtandem/cases/join.py": "dataclasses.replace with columns chosen at run time",
    "src/gridtandem/cases/variants.py": "dataclasses.replace with columns chosen at run time",
    "src/gridtandem/grid/phase_devices.py": "dataclasses.replace with columns chosen at run time",
    "src/gridtandem/parties/holder.py": "handlers of every letter lie in one mapping; the reply type is checked by the mailbox",
    "src/gridtandem/boundary/layout.py": "a declared field takes the type its annotation says",
    "src/gridtandem/boundary/mailbox.py": "handlers of every letter lie in one mapping; the reply type is checked when it arrives",
    "src/gridtandem/boundary/weather.py": "holds letters of every type back",
    "src/gridtandem/boundary/wire.py": "JSON",
    "src/gridtandem/cases/opendss/read.py": "the engine has no types, and its elements are JSON",
    "src/gridtandem/cases/opendss/elements.py": "the engine has no types, and its elements are JSON",
    "src/gridtandem/coordinate.py": "the state belongs to the scheme; the loop only passes it on",
    "src/gridtandem/parties/fleet.py": "handlers of every letter lie in one mapping",
    "src/gridtandem/parties/owner.py": "handlers of every letter lie in one mapping",
    "src/gridtandem/parties/transmission.py": "handlers of every letter lie in one mapping",
    "src/gridtandem/study/batch/study.py": "settings as plain words and numbers",
    "src/gridtandem/security/outages.py": "settings as a run file tells them",
    "src/gridtandem/study/contingency/study.py": "settings as plain words and numbers",
    "src/gridtandem/study/reserve/certificate.py": "schemes of every kind; what they ask is looked at",
    "src/gridtandem/study/batch/block.py": "the state belongs to the scheme; columns of a record taken by name",
    "src/gridtandem/study/together.py": "the state belongs to the scheme",
    "src/gridtandem/parties/feeder_market.py": "handlers of every letter lie in one mapping",
    "src/gridtandem/parties/feeder_reserve.py": "handlers of every letter lie in one mapping",
    "src/gridtandem/parties/feeder_choice.py": "handlers of every letter lie in one mapping",
    "src/gridtandem/parties/feeder_plain.py": "handlers of every letter lie in one mapping",
    "src/gridtandem/parties/feeder_strategic.py": "handlers of every letter lie in one mapping",
    "src/gridtandem/parties/feeder_value.py": "handlers of every letter lie in one mapping",
    "src/gridtandem/parties/pool.py": "handlers of every letter lie in one mapping",
    "src/gridtandem/parties/wholesale.py": "handlers of every letter lie in one mapping",
    "src/gridtandem/parties/wholesale_choice.py": "handlers of every letter lie in one mapping",
    "src/gridtandem/parties/wholesale_near.py": "handlers of every letter lie in one mapping",
    "src/gridtandem/parties/wholesale_residual.py": "handlers of every letter lie in one mapping",
    "src/gridtandem/parties/wholesale_reserve.py": "handlers of every letter lie in one mapping",
    "src/gridtandem/parties/secure_feeders.py": "handlers of every letter lie in one mapping",
    "src/gridtandem/parties/secure_transmission.py": "handlers of every letter lie in one mapping",
    "src/gridtandem/cases/golden.py": "columns of every kind in one literal",
    "src/gridtandem/resources/steps.py": "columns of every kind in one mapping",
    "src/gridtandem/study/market/tables.py": "columns of every kind in one mapping",
    "src/gridtandem/study/igdt/run.py": "columns of every kind in one mapping",
    "src/gridtandem/report/front.py": "options of every kind of study, as they were given",
    "src/gridtandem/report/kinds/__init__.py": "studies and runs of every kind pass through",
    "src/gridtandem/report/run.py": "studies of every kind pass through",
    "src/gridtandem/study/craft.py": "the state belongs to the scheme; parties are of any kind",
    "src/gridtandem/study/result.py": "the state belongs to the scheme; tables and figures of every kind by name",
    "src/gridtandem/report/kinds/flow.py": "options as they were given",
    "src/gridtandem/cli/wishes.py": "studies of every kind pass through",
    "src/gridtandem/study/market/compare.py": "schemes and their states are of any kind",
    "src/gridtandem/study/market/day.py": "the state belongs to the scheme",
    "src/gridtandem/study/market/exchange.py": "JSON that others wrote",
    "src/gridtandem/study/market/exchange_stores.py": "JSON that others wrote",
    "src/gridtandem/study/market/run.py": "the state belongs to the scheme",
    "src/gridtandem/study/market/study.py": "schemes are of any kind, settings go to TOML",
    "src/gridtandem/program/solvers/clarabel.py": "the solver ships no types",
    "src/gridtandem/program/solvers/ipopt.py": "the solver's wrapper has no types",
    "src/gridtandem/program/solvers/highs.py": "the solver's wrapper has no types",
    "src/gridtandem/program/solvers/scip.py": "the solver's wrapper has no types",
    "src/gridtandem/study/compare.py": "schemes and their states are of any kind",
    "src/gridtandem/grid/copies.py": "columns of every type are gathered alike",
    "src/gridtandem/study/judge.py": "columns of every type begin a table alike",
    "src/gridtandem/study/registry.py": "schemes are of any kind, their options come from TOML",
    "src/gridtandem/study/roster.py": "columns of every type are gathered alike",
    "src/gridtandem/study/run.py": "the state belongs to the scheme",
    "src/gridtandem/study/store.py": "the state belongs to the scheme; values as SQLite takes them",
    "src/gridtandem/study/study.py": "schemes are of any kind, settings go to TOML",
    "src/gridtandem/study/side_by_side.py": "studies of every kind pass through",
    "src/gridtandem/study/shelf.py": "studies of every kind pass through",
    "src/gridtandem/study/kinds.py": "schemes are of any kind",
    "src/gridtandem/study/dispatch/day.py": "states belong to the scheme",
    "src/gridtandem/study/dispatch/run.py": "the state belongs to the scheme",
    "src/gridtandem/study/dispatch/study.py": "schemes are of any kind, settings go to TOML",
    "src/gridtandem/study/dispatch/tables.py": "columns of every kind in one mapping",
    "src/gridtandem/study/dispatch/compare.py": "schemes and their states are of any kind",
    "src/gridtandem/study/reserve/run.py": "the state belongs to the scheme",
    "src/gridtandem/study/reserve/study.py": "schemes are of any kind, settings go to TOML",
    "src/gridtandem/study/reserve/compare.py": "schemes and their states are of any kind",
    "src/gridtandem/report/reserve/pictures.py": "arguments of matplotlib",
    "src/gridtandem/report/kinds/reserve.py": "options by name are of any kind",
    "src/gridtandem/parties/secure_owner.py": "handlers of every letter lie in one mapping; the reply type is checked by the mailbox",
    "src/gridtandem/parties/growing.py": "handlers of every letter lie in one mapping",
    "src/gridtandem/parties/growing_transmission.py": "handlers of every letter lie in one mapping",
    "src/gridtandem/study/margin/coordinated.py": "the state belongs to the scheme",
    "src/gridtandem/study/margin/tools.py": "schemes are of any kind",
    "src/gridtandem/parties/ac_cone_feeder.py": "handlers of every letter lie in one mapping",
    "src/gridtandem/parties/ac_cone_transmission.py": "handlers of every letter lie in one mapping",
    "src/gridtandem/parties/ac_feeder.py": "handlers of every letter lie in one mapping",
    "src/gridtandem/parties/ac_transmission.py": "handlers of every letter lie in one mapping",
    "src/gridtandem/parties/ac_owner.py": "handlers of every letter lie in one mapping",
}
OPEN_ALLOWED = {
    "TandemError": "base of the errors",
    "Table": "base of the tables; adds declarations, overrides nothing",
    "Ask": "base of the questions; carries only the type of the reply",
}
SHARED_CODES = {
    "case-047": "a network in parts, of which other things can be said all the same",
    "case-099": "a network in parts, of which other things can be said all the same",
    "batch-006": "two files whose rows do not belong together",
    "case-001": "no such column",
    "case-002": "a column is missing",
    "case-003": "a cell is empty or of the wrong kind",
    "case-010": "not a number",
    "case-015": "not one of the words",
    "case-016": "a name is empty",
    "case-017": "a name that stands twice",
    "case-020": "a row that does not exist",
    "case-030": "an impedance that no sum can take",
    "case-031": "both ends at one bus",
    "case-032": "two nominal voltages without a transformer",
    "case-041": "a feeder model that does not exist",
    "case-045": "no reference",
    "case-050": "buses that nothing feeds",
    "case-058": "nobody to coordinate with",
    "case-059": "a loading that is no factor",
    "case-084": "a coil to ground where phases float",
    "case-100": "a file that this door cannot read",
    "case-101": "a file of no known kind",
    "case-103": "a file that is cut off",
    "case-111": "too few columns",
    "case-118": "what no table here holds",
    "case-141": "no table where one must be",
    "case-143": "an end that does not exist",
    "case-146": "what no table here holds, in pandapower's words",
    "case-150": "a load that the other format cannot hold",
    "case-207": "a file without rows",
    "study-001": "not one of the words",
    "study-022": "a feeder of several ports, for a scheme of one",
}
SCHEME_IMPORTS = {"boundary", "orders", "coordinate", "tables"}
HEAVY = {"numba", "pandas", "matplotlib", "highspy", "clarabel", "casadi", "pyscipopt", "opendssdirect"}
UNWELCOME = {"idx", "cfg", "mgr", "util", "utils"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def parsed(text: str) -> ast.Module:
    """The syntax tree; parsed once for all checks."""
    return ast.parse(text)


@final
@dataclass(frozen=True, slots=True)
class Source:
    """One file: where it is, what it says, and its syntax tree where it is Python."""

    path: str  # from the root, with slashes
    text: str

    @property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return parsed(self.text)

    @property
    def lines(self) -> int:
        """Number of lines."""
        return len(self.text.splitlines())

    @property
    def kernel(self) -> bool:
        """Compiled kernels take all their arrays one by one."""
        return self.path.startswith(("src/gridtandem/flow/kernels", "src/gridtandem/opf/kernels", "src/gridtandem/program/kernels"))

    @property
    def scheme(self) -> bool:
        """One published scheme."""
        return self.path.startswith("src/gridtandem/schemes/") and not self.path.endswith("__init__.py")


def functions(source: Source) -> Iterator[Function]:
    """All functions and methods."""
    return (node for node in ast.walk(source.tree) if isinstance(node, Function))


def body_lines(function: Function) -> int:
    """Lines of a function without its docstring and decorators."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None:
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def file_length(source: Source) -> Iterator[str]:
    """No file above 500 lines."""
    if source.lines > FILE_MOST:
        yield f"{source.path}: {source.lines} lines, at most {FILE_MOST}"


def function_length(source: Source) -> Iterator[str]:
    """No function above 80 lines."""
    for f in functions(source):
        if body_lines(f) > FUNCTION_MOST:
            yield f"{source.path}:{f.lineno}: {f.name} has {body_lines(f)} lines, at most {FUNCTION_MOST}"


def usual_length(sources: Iterable[Source]) -> Iterator[str]:
    """95 % of all functions within 40 lines."""
    every = [(body_lines(f), f"{s.path}:{f.lineno}: {f.name}") for s in sources for f in functions(s)]
    long = sorted(entry for entry in every if entry[0] > FUNCTION_USUAL)
    if len(long) > (1 - USUAL_SHARE) * len(every):
        yield from (f"{where} has {lines} lines; only {1 - USUAL_SHARE:.0%} may have more than {FUNCTION_USUAL}" for lines, where in long)


def class_size(source: Source) -> Iterator[str]:
    """No class above 12 methods."""
    for c in ast.walk(source.tree):
        if isinstance(c, ast.ClassDef) and (count := sum(isinstance(n, Function) for n in c.body)) > METHODS_MOST:
            yield f"{source.path}:{c.lineno}: {c.name} has {count} methods, at most {METHODS_MOST}"


def abstract_or_final(source: Source) -> Iterator[str]:
    """A class is final, or a Protocol, or an enumeration (which Python closes by itself)."""
    for c in ast.walk(source.tree):
        if isinstance(c, ast.ClassDef) and c.name not in OPEN_ALLOWED:
            final_ = any(ast.unparse(d).split(".")[-1] == "final" for d in c.decorator_list)
            known = any(re.search(r"Protocol|(Enum|Flag)$", ast.unparse(b)) for b in c.bases)
            if not (final_ or known):
                yield f"{source.path}:{c.lineno}: {c.name} is neither @final nor a Protocol"


def arguments(source: Source) -> Iterator[str]:
    """At most 5 positional parameters, and no ``**kwargs`` in public functions."""
    for f in functions(source):
        names = [a.arg for a in (*f.args.posonlyargs, *f.args.args)]
        count = len(names) - (names[:1] in (["self"], ["cls"]))
        if count > POSITIONAL_MOST and not source.kernel:
            yield f"{source.path}:{f.lineno}: {f.name} has {count} positional parameters, at most {POSITIONAL_MOST}"
        if f.args.kwarg and not f.name.startswith("_"):
            yield f"{source.path}:{f.lineno}: {f.name} takes **{f.args.kwarg.arg}"


def scheme_file(source: Source) -> Iterator[str]:
    """A scheme has at most 120 lines, says Paper, Decides and Crosses, and imports letters only."""
    if not source.scheme:
        return
    if source.lines > SCHEME_MOST:
        yield f"{source.path}: {source.lines} lines, at most {SCHEME_MOST}"
    for c in (c for c in source.tree.body if isinstance(c, ast.ClassDef) and any(getattr(n, "name", "") == "round" for n in c.body)):
        said = f"{ast.get_docstring(source.tree) or ''}\n{ast.get_docstring(c) or ''}"
        for word in ("Paper", "Decides", "Crosses"):
            if not re.search(rf"^ *{word} +\S", said, re.MULTILINE):
                yield f"{source.path}:{c.lineno}: {c.name} does not say {word}"
    for line, module in imports(source.tree):
        first, *rest = module.split(".")
        own = first == "gridtandem"
        if (own and (not rest or rest[0] not in SCHEME_IMPORTS)) or not (own or first == "numpy" or first in sys.stdlib_module_names):
            yield f"{source.path}:{line}: a scheme may not import {module}"


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and full name of everything imported below a node."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, a.name) for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            yield from ((node.lineno, f"{module}.{a.name}" if module == "gridtandem" else module) for a in node.names)


def light_import(source: Source) -> Iterator[str]:
    """Heavy packages are imported where they are used, never with the module."""
    for node in source.tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for line, module in imports(node):
                if module.split(".")[0] in HEAVY and not source.kernel:
                    yield f"{source.path}:{line}: imports {module} with the module"


def silence(source: Source) -> Iterator[str]:
    """Only the command line prints."""
    if source.path.startswith("src/gridtandem/cli"):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            yield f"{source.path}:{node.lineno}: prints"


def finished(source: Source) -> Iterator[str]:
    """Nothing is left for later."""
    for k, line in enumerate(source.text.splitlines(), 1):
        if re.search(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|NotImplemented" + r"Error)\b", line):
            yield f"{source.path}:{k}: unfinished"


def typed(source: Source) -> Iterator[str]:
    """``Any`` only where a reason is on the list."""
    used = [n.lineno for n in ast.walk(source.tree) if isinstance(n, ast.Name) and n.id == "Any"]
    if used and source.path not in ANY_ALLOWED:
        yield f"{source.path}:{used[0]}: uses Any without a reason in ANY_ALLOWED"
    if not used and source.path in ANY_ALLOWED:
        yield f"{source.path}: no longer uses Any; take it off ANY_ALLOWED"


def explained(source: Source) -> Iterator[str]:
    """Every module says what it is for."""
    if not ast.get_docstring(source.tree):
        yield f"{source.path}:1: no module docstring"


def named(source: Source) -> Iterator[str]:
    """No abbreviation that says nothing."""
    for node in ast.walk(source.tree):
        name = getattr(node, "id", None) or getattr(node, "arg", None) or getattr(node, "name", None)
        if isinstance(name, str) and UNWELCOME & set(name.lower().split("_")):
            yield f"{source.path}:{getattr(node, 'lineno', 0)}: {name} says nothing"


def tolerances(source: Source) -> Iterator[str]:
    """Tolerances have names; the names stand in tests/tolerances.py, each with its reason."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            for keyword in node.keywords:
                if keyword.arg in ("abs", "rel", "atol", "rtol") and any(_literal(n) for n in ast.walk(keyword.value)):
                    yield f"{source.path}:{keyword.value.lineno}: {keyword.arg} is a number without a name"
        elif isinstance(node, ast.Compare):
            for op, limit in zip(node.ops, node.comparators, strict=True):
                if isinstance(op, ast.Lt | ast.LtE) and isinstance(limit, ast.Constant) and isinstance(limit.value, float) and 0 < limit.value < 1e-3:
                    yield f"{source.path}:{limit.lineno}: compares with {limit.value:g}, a tolerance without a name"


def _literal(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float) and node.value != 0


def reasons(source: Source) -> Iterator[str]:
    """Every tolerance has a reason beside or above it."""
    for before, (k, line) in pairwise([(0, ""), *enumerate(source.text.splitlines(), 1)]):
        if re.match(r"[A-Z][A-Z0-9_]* *(:.*)?= *[-\d.]", line) and not re.search(r"#.*\w{2,} \w", line) and not before[1].startswith("#"):
            yield f"{source.path}:{k}: no reason"


def portable(source: Source) -> Iterator[str]:
    """No path of one machine, and no address of a package index: the installer knows where to look."""
    for k, line in enumerate(source.text.splitlines(), 1):
        if re.search(
            r"(?<![\w.~}])/(tmp|work|home|root|Users|opt)/|[A-Z]:\\\\?Users|--(extra-)?index-url|--find-links|pythonhosted" + r"\.org", line
        ):
            yield f"{source.path}:{k}: belongs to one machine"


def one_meaning(package: Iterable[Source]) -> Iterator[str]:
    """A code of a fault stands in one file, or its one meaning is written above."""
    places: dict[str, set[str]] = {}
    for source in package:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"[a-z]+-\d{3}", node.value):
                places.setdefault(node.value, set()).add(source.path)
    for code, files in sorted(places.items()):
        if len(files) > 1 and code not in SHARED_CODES:
            yield f"{', '.join(sorted(files))}: {code} stands in each; take a free code, or write its meaning in SHARED_CODES"
    yield from (f"tools/style.py: {code} is in SHARED_CODES and not in several files" for code in SHARED_CODES if len(places.get(code, ())) < 2)


PACKAGE: tuple[Callable[[Source], Iterator[str]], ...] = (
    file_length, function_length, class_size, abstract_or_final, arguments, scheme_file, light_import, silence, typed, explained, named,
)  # fmt: skip
TESTS: tuple[Callable[[Source], Iterator[str]], ...] = (tolerances,)
EVERYWHERE: tuple[Callable[[Source], Iterator[str]], ...] = (finished, portable)


def tracked() -> list[str]:
    """Files of the project: what git knows or would take, or, without git, everything outside hidden and built folders."""
    try:
        done = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True)
        return sorted({p for p in done.stdout.splitlines() if (ROOT / p).is_file()})
    except (OSError, subprocess.CalledProcessError):
        found = (p.relative_to(ROOT) for p in ROOT.rglob("*") if p.is_file())
        return sorted(p.as_posix() for p in found if not any(part.startswith(".") or part in ("build", "dist", "__pycache__") for part in p.parts))


def sources(start: str, end: str = ".py") -> list[Source]:
    """Files whose path starts and ends so; data files shipped inside the package or beside tests are not prose."""
    paths = (p for p in tracked() if p.startswith(start) and p.endswith(end))
    return [Source(p, (ROOT / p).read_text(encoding="utf-8")) for p in paths]


def findings() -> list[str]:
    """Everything that is broken."""
    package, tests = sources("src/"), sources("tests/")
    written = [s for end in (".py", ".md", ".toml", ".txt", ".yaml", ".ini", "run", "make") for s in sources("", end)]
    out = [f for check in PACKAGE for s in package for f in check(s)] + list(usual_length(package)) + list(one_meaning(package))
    out += [f for check in TESTS for s in tests for f in check(s)]
    out += [f for s in tests if s.path == "tests/tolerances.py" for f in reasons(s)]
    own = {"tools/style.py", "tests/laws/test_style.py"}
    return out + [f for check in EVERYWHERE for s in written if s.path not in own for f in check(s)]


def long_files() -> list[str]:
    """Files above 300 lines: allowed, but a reason to look for a second room."""
    return [f"{s.path}: {s.lines} lines" for s in sources("src/") if s.lines > FILE_WARN]


if __name__ == "__main__":
    broken = findings()
    print("\n".join([*broken, *(f"note: {line}" for line in long_files())]) or "style: all kept")
    sys.exit(bool(broken))
