"""Commands about cases: cases, new, check, convert."""

from __future__ import annotations

from pathlib import Path

import click

from gridtandem.cli.exits import EXIT_INVALID
from gridtandem.cli.out import Out, speaks
from gridtandem.cli.words import CASE
from gridtandem.errors import InvalidCase


@click.command("cases")
@click.argument("case", type=CASE, required=False)
@speaks
@click.pass_obj
def cases_command(out: Out, *, case: str | None) -> int:
    """$ tandem cases

    Every published system by name, with size, source and licence; with CASE that one only.
    """
    from gridtandem.cases.named import case as named
    from gridtandem.cases.named import catalogue
    from gridtandem.report.cases import case_document, case_in_words, catalogue_document, catalogue_in_words

    if case is not None:
        found = named(case)
        out.data(lambda: case_document(found), lambda: case_in_words(found))
    else:
        out.data(lambda: catalogue_document(catalogue()), lambda: catalogue_in_words(catalogue()))
    return 0


@click.command("new")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--transmission", type=CASE, default="ieee14", metavar="CASE", help="Network by name or file.  [ieee14]")
@click.option("--from", "feeder", type=CASE, default="case33bw", metavar="CASE", help="Feeder by name or file; .dss too.  [case33bw]")
@click.option("--feeder-at", "at", multiple=True, default=("7",), metavar="BUS", help="Transmission bus; may be repeated.  [7]")
@click.option("--count", type=click.IntRange(1), default=1, metavar="N", help="Parallel feeders at each bus.  [1]")
@speaks
@click.pass_obj
def new_command(out: Out, *, folder: Path, transmission: str, feeder: str, at: tuple[str, ...], count: int) -> int:
    """$ tandem new my-case --transmission case14 --from case33bw.m --feeder-at 7

    Write a starter folder: your feeder hung on a transmission network, one folder per company, tables as CSV. Never overwrites.
    """
    from gridtandem.cases.named import case
    from gridtandem.cases.new import new_case
    from gridtandem.cases.phase_case import is_phase_case
    from gridtandem.report.cases import case_document, case_in_words

    model = feeder if is_phase_case(feeder) else case(feeder).transmission
    made = new_case(folder, transmission=case(transmission).transmission, feeder=model, at=at, count=count)
    out.data(lambda: case_document(made), lambda: f"wrote {folder}/\n{case_in_words(made)}")
    out.say(f"next  tandem check {folder} · tandem run {folder}")
    return 0


@click.command("check")
@click.argument("case", type=CASE)
@speaks
@click.pass_obj
def check_command(out: Out, *, case: str) -> int:
    """$ tandem check my-case

    Read a case folder or file and list all faults of all its files at once; then what is no fault and good to know.
    """
    from gridtandem.cases.named import case as named
    from gridtandem.report.cases import check_document, check_in_words, remarks, size_in_words

    try:
        found = named(case).check()
    except InvalidCase as e:
        faults = e.faults
        out.data(lambda: check_document(case, faults, ()), lambda: check_in_words(case, "", faults, ()))
        return EXIT_INVALID
    out.data(lambda: check_document(case, (), remarks(found)), lambda: check_in_words(case, size_in_words(found), (), remarks(found)))
    return 0


@click.command("convert")
@click.argument("source", type=CASE, metavar="IN")
@click.argument("target", type=click.Path(path_type=Path), metavar="OUT")
@speaks
@click.pass_obj
def convert_command(out: Out, *, source: str, target: Path) -> int:
    """$ tandem convert case33bw.m my-feeder

    The ending of OUT says what is written: .m MATPOWER, .json pandapower, none a folder of CSV tables. Never overwrites.
    """
    from gridtandem.cases.convert import convert

    left_out = convert(source, target)
    out.data(lambda: {"schema": "tandem/convert/1", "written": str(target), "left_out": list(left_out)}, lambda: f"wrote {target}")
    for line in left_out:
        out.say(f"left out: {line}")
    return 0
