"""Write docs/reference/ from the declarations in the source: ``python -m tools.make_reference``. A test holds the pages to the source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import MISSING, fields
from importlib import import_module
from inspect import cleandoc, getmodule
from pathlib import Path
from pkgutil import walk_packages

import click

import gridtandem
from gridtandem.boundary.layout import Ask, lies, reply_type
from gridtandem.boundary.letters import Power
from gridtandem.cli.app import COMMANDS, tandem
from gridtandem.cli.exits import MEANING
from gridtandem.errors import TandemError
from gridtandem.study.kinds import KINDS
from gridtandem.study.registry import scheme_kind
from gridtandem.tables import Column, Table

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs/reference"
NOTE = "<!-- Written by tools/make_reference.py; change the source instead. -->\n\n"
TYPES = {"f8": "number", "i8": "integer", "?": "yes/no", "U": "name"}
SYMBOLS = (
    ("p, q", "`p`, `q`; `s` = p + jq", "`p_mw`, `q_mvar`", "active, reactive power"),
    ("v, θ", "`v`, `theta`", "`v_kv`, `v_pu`, `angle_deg`", "voltage magnitude, angle"),
    ("w, ℓ", "`w`, `ell`", "–", "squared voltage, squared current (branch flow)"),
    ("g, b, r, x", "`g`, `b`, `r`, `x`", "`r_ohm`, `x_ohm`", "admittance, impedance"),
    ("z", "`z`", "`exchange_mw`", "what crosses the boundary, positive from transmission into the feeder"),
    ("φ(z)", "`value`", "`cost`", "a feeder's least cost when it takes z"),
    ("λ", "`price`", "`price_per_mwh`", "∂cost/∂right-hand side, in the case's currency; never the sign convention of a solver"),
    ("ρ", "`weight`", "–", "penalty in proximal terms"),
    ("ρ(·)", "`contraction`", "–", "spectral radius: the factor by which a round shrinks the error"),
    ("D, T", "`PowerAt`, `VoltageUnder`", "–", "load-flow maps of the feeders (voltage to power) and of transmission (power to voltage)"),
    ("Δ, n−1", "`delta`, `outage`", "–", "change, contingency"),
)


def modules() -> list[str]:
    """All modules of the package, by name."""
    return sorted(m.name for m in walk_packages(gridtandem.__path__, "gridtandem.") if not m.name.endswith("__main__"))


def everything(base: type) -> list[type]:
    """All classes derived from ``base`` anywhere in the package, in the order of rooms and of lines."""
    for module in modules():
        import_module(module)

    def below(c: type) -> Iterator[type]:
        for child in c.__subclasses__():
            yield child
            yield from below(child)

    found = {c for c in below(base) if vars(import_module(c.__module__)).get(c.__qualname__) is c and c.__module__.startswith("gridtandem.")}
    return sorted(found, key=lambda c: (c.__module__, first_line(c)))


def first_line(c: type) -> int:
    """Where a class begins in its file."""
    tree = ast.parse(Path(str(getmodule(c).__file__)).read_text(encoding="utf-8"))  # type: ignore[union-attr]
    return next(n.lineno for n in ast.walk(tree) if isinstance(n, ast.ClassDef) and n.name == c.__name__)


def default_in_words(value: object) -> str:
    """What an option is unless told otherwise."""
    if value is MISSING:
        return "must be given"
    if value is None:
        return "none"
    return f"{value:g}" if isinstance(value, int | float) else f"`{value}`"


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table."""
    cells = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(c.replace("|", "\\|") for c in row) + " |" for row in cells) + "\n"


def doc(c: type) -> str:
    """A docstring as Markdown."""
    text = cleandoc(c.__doc__ or "")
    text = re.sub(r"\.\. math:: (.*)", r"$$\1$$", text)
    return re.sub(r"``(.*?)``", r"`\1`", text)


def limits(spec: Column) -> str:
    """What a column accepts, in words."""
    said = [f"above {spec.above:g}"] if spec.above is not None else []
    said += [f"at least {spec.at_least:g}"] if spec.at_least is not None else []
    said += [f"at most {spec.at_most:g}"] if spec.at_most is not None else []
    said += ["or inf"] if not spec.finite else []
    said += ["unique"] if spec.unique else []
    said += [f"a row of {spec.refers}; in files its name"] if spec.refers else []
    said += ["one of " + ", ".join(f"`{c}`" for c in spec.choices)] if spec.choices else []
    return ", ".join(said)


def default(spec: Column) -> str:
    """What stands where a column is left out."""
    if spec.default is None:
        return "must be given"
    if spec.choices and isinstance(spec.default, int):
        return spec.choices[spec.default]
    if isinstance(spec.default, bool):
        return "yes" if spec.default else "no"
    return f"{spec.default:g}" if isinstance(spec.default, int | float) else str(spec.default)


def tables() -> str:
    """Every table, every column."""
    out = [
        NOTE
        + "# Tables\n\nA column stands for itself in Python, as the header in files and as the key in JSON; its unit is the last part of its name.\n"
    ]
    for c in everything(Table):
        rows = []
        for name, spec in c.columns().items():
            parts = f" ({', '.join(spec.parts)})" if spec.parts else ""
            kind = "word" if spec.choices else TYPES.get(spec.dtype, spec.dtype)
            rows.append((f"`{name}`", spec.meaning + parts, "" if spec.unit == "1" else spec.unit, kind, default(spec), limits(spec)))
        head = ("column", "meaning", "unit", "type", "default", "accepted")
        out.append(f"## {c.__name__}\n\n{doc(c)}\n\n`{c.__module__}`, in files `{c.kind}`\n\n{table(head, rows)}")
    return "\n".join(out)


def faults() -> str:
    """Every fault code, what it says and how to mend it, read from the places that raise it."""
    found: dict[str, dict[tuple[str, str], None]] = {}
    for path in sorted((ROOT / "src").rglob("*.py")):
        for code, what, mend in said(ast.parse(path.read_text(encoding="utf-8"))):
            found.setdefault(code, {})[what, mend] = None
    out = [f"{NOTE}# Faults\n\nBad input is refused with all its faults at once. A code never changes its meaning; … is said by the message.\n"]
    for code in sorted(found):
        out.append(f"({code})=\n## {code}\n\n{table(('what it says', 'how to mend it'), list(found[code]))}")
    return "\n".join(out)


def said(tree: ast.Module) -> Iterator[tuple[str, str, str]]:
    """Code, what, mend of every call or tuple that holds a code after two texts; names stand for what they were last given above."""
    known: list[tuple[int, str, ast.expr]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                both = isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
                pairs = zip(target.elts, node.value.elts, strict=False) if both else [(target, node.value)]
                known += [(node.lineno, t.id, value) for t, value in pairs if isinstance(t, ast.Name)]
    for node in ast.walk(tree):
        given = node.args if isinstance(node, ast.Call) else node.elts if isinstance(node, ast.Tuple) else []
        if isinstance(node, ast.Call):
            given = [*given, *(k.value for k in node.keywords if k.arg == "code")]
        for k, code in enumerate(given):
            if k >= 2 and isinstance(code, ast.Constant) and re.fullmatch(r"[a-z]+-\d{3}", str(code.value)):
                yield str(code.value), plain(given[k - 2], known), plain(given[k - 1], known)


def plain(node: ast.expr, known: list[tuple[int, str, ast.expr]]) -> str:
    """The text of an expression, with … for what is only known at run time."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(v.value) if isinstance(v, ast.Constant) else "…" for v in node.values)
    if isinstance(node, ast.BinOp):
        return plain(node.left, known) + plain(node.right, known)
    if isinstance(node, ast.IfExp):
        return f"{plain(node.body, known)}, or: {plain(node.orelse, known)}"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return re.sub(r"{.*?}", "…", plain(node.func.value, known))
    if isinstance(node, ast.Name):
        above = [(line, value) for line, name, value in known if name == node.id and line < node.lineno]
        if above:
            return plain(max(above, key=lambda entry: entry[0])[1], known)
    return "…"


def exit_codes() -> str:
    """What the command line returns."""
    errors: dict[int, list[str]] = {}
    for c in (TandemError, *everything(TandemError)):
        errors.setdefault(c.exit_code, []).append(f"`{c.__name__}`")
    rows = [(str(code), meaning, ", ".join(errors.pop(code, []))) for code, meaning in sorted(MEANING.items())]
    assert not errors, f"exit codes without a meaning: {errors}"
    return NOTE + f"# Exit codes\n\n{table(('code', 'meaning', 'errors in Python'), rows)}"


def letters() -> str:
    """Questions with their replies: all that may cross the boundary."""
    asks = everything(Ask)
    replies = dict.fromkeys(reply_type(a) for a in asks)
    matter = [c for c in vars(import_module(Power.__module__)).values() if isinstance(c, type) and any("lie" in f.metadata for f in _fields(c))]
    rest = [c for c in matter if c not in asks and c not in replies]
    out = [NOTE + "# Letters\n\nA question and its reply are all that crosses between companies; positive power flows into the feeder. "
           "`dense` fields are arrays (scenario, period, interface, …), `common` ones are the same for everyone.\n"]  # fmt: skip
    for title, group in (("Questions", asks), ("Replies", list(replies)), ("Parts", rest)):
        out.append(f"## {title}\n" if group else "")
        for c in group:
            answer = f" Reply: `{reply_type(c).__name__}`." if c in asks else ""
            rows = [(f"`{n}`", lie.meaning, "" if lie.unit == "1" else lie.unit, lie.lies) for n, lie in lies(c).items()]
            out.append(f"### {c.__name__}\n\n{doc(c)}{answer}\n\n{table(('field', 'meaning', 'unit', 'lies'), rows) if rows else 'No fields.'}")
    return "\n".join(out)


def _fields(c: type) -> tuple:
    return fields(c) if hasattr(c, "__dataclass_fields__") else ()


def schemes() -> str:
    """Every scheme by its name and kind, from its header: source, who decides, what crosses, options."""
    out = [NOTE + "# Schemes\n\nA name goes to `--scheme`; `gt.run(case, scheme=…)` takes a name or an object of the class.\n"]
    for kind in KINDS:
        out.append(f"## Of {kind.called}\n")
        out += [_scheme(name) for name in kind.schemes()]
    return "\n".join(out)


def _scheme(name: str) -> str:
    c = scheme_kind(name)
    text = cleandoc(import_module(c.__module__).__doc__ or "")
    head = {
        w: " ".join(t.split()) for w, t in re.findall(r"^(Paper|Decides|Crosses) +((?:.|\n)*?)(?=^(?:Paper|Decides|Crosses) |\Z)", text, re.MULTILINE)
    }
    asks = "; ".join(
        f"{who} for {', '.join(sorted(f'`{q.__name__}`' for q in letters)) or 'nothing'}"
        for who, letters in (("transmission", c.asks_tso), ("feeders", c.asks_dsos))
    )
    rows = [(f"`{f.name}`", default_in_words(f.default)) for f in fields(c)]
    options = table(("option", "default"), rows) if rows else "No options.\n"
    said = "".join(f"{w}\n: {t}\n\n" for w, t in head.items())
    return f"### {name}\n\n{text.splitlines()[0]} {doc(c)}\n\n{said}Asks\n: {asks}\n\nClass\n: `{c.__module__}.{c.__name__}`\n\n{options}"


def nomenclature() -> str:
    """Symbols, and the names that columns may have."""
    head = ("symbol", "inside, per unit", "at the edge", "meaning")
    names: dict[str, tuple[str, set[str]]] = {}
    for c in everything(Table):
        for name, spec in c.columns().items():
            if spec.unit != "1":
                names.setdefault(name, (spec.unit, set()))[1].add(c.__name__)
    rows = [(f"`{n}`", unit, ", ".join(sorted(where))) for n, (unit, where) in sorted(names.items())]
    return (
        f"{NOTE}# Nomenclature\n\nOne name for one thing. Inside, quantities are per unit on 100 MVA and carry bare names; at the edge the unit is "
        f"the last part of the name.\n\n{table(head, list(SYMBOLS))}\n## Columns with a unit\n\n{table(('column', 'unit', 'tables'), rows)}"
    )


def commands() -> str:
    """The help page of every command."""
    parts = []
    for name in COMMANDS:
        command = tandem.get_command(click.Context(tandem), name)
        assert command is not None
        with click.Context(command, parent=click.Context(tandem, info_name="tandem"), info_name=name, terminal_width=80) as around:
            parts.append(f"## tandem {name}\n\n```text\n{command.get_help(around)}\n```\n{seldom(command)}")
            for word, below in sorted(command.commands.items()) if isinstance(command, click.Group) else ():
                with click.Context(below, parent=around, info_name=word, terminal_width=80) as inside:
                    parts.append(f"### tandem {name} {word}\n\n```text\n{below.get_help(inside)}\n```\n{seldom(below)}")
    return NOTE + "# Commands\n\nWhat `tandem COMMAND --help` says; longer pages are on `tandem help`.\n\n" + "\n".join(parts)


def seldom(command: click.Command) -> str:
    """Options for which its help page has no room."""
    more = [p for p in command.params if isinstance(p, click.Option) and p.hidden and p.help]
    told = [f"* `{p.opts[0]}{'' if p.is_flag else f' {p.metavar}'}`: {p.help}" for p in more]
    return "\n".join(["", "Also:", "", *told, ""]) if told else ""


def pages() -> dict[str, str]:
    """Every generated page by file name."""
    made = {
        "tables": tables,
        "faults": faults,
        "exit-codes": exit_codes,
        "letters": letters,
        "schemes": schemes,
        "nomenclature": nomenclature,
        "commands": commands,
    }
    return {f"{name}.md": re.sub(r"\n{3,}", "\n\n", make()).rstrip() + "\n" for name, make in made.items()}


if __name__ == "__main__":
    for name, text in pages().items():
        (PAGES / name).write_text(text, encoding="utf-8")
