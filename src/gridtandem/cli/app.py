"""The command ``tandem`` itself: commands loaded on first use, errors told in words, exit codes."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper
from typing import final

import click

from gridtandem.cli.exits import EXIT_CLOSED, EXIT_INTERNAL, EXIT_INTERRUPTED, EXIT_USAGE
from gridtandem.errors import TandemError

SECTIONS = {  # of the help page: name: (module, one line)
    "Begin": {
        "demo": ("demo", "A small system under four schemes: table, picture, run files."),
        "cases": ("casework", "Every published system by name."),
        "new": ("casework", "A starter folder: your feeder on a transmission network."),
        "check": ("casework", "All faults of a case folder or file at once."),
        "convert": ("casework", "MATPOWER, pandapower JSON and case folders into each other."),
        "doctor": ("helping", "Is everything here that a run needs?"),
    },
    "Study": {
        "run": ("running", "One case under one scheme, held against the AC check."),
        "compare": ("running", "One case under several schemes, side by side."),
        "batch": ("batching", "Many scenarios of a case: a year, every outage."),
        "resume": ("batching", "Go on with what was stopped."),
        "diagnose": ("running", "How fast an exchange converges, and which scheme to take."),
    },
    "Security": {
        "margin": ("securing", "How much load a system can still take, and its weakest node."),
        "experiment": ("experimenting", "Margins, flows and reserve as a case is altered."),
        "contingency": ("contingencies", "Outages by severity, with feeders as they are."),
        "frequency": ("frequencies", "What a loss asks of primary and fast reserve."),
    },
    "Feeders and units": {
        "reach": ("reaching", "What a feeder can exchange at a voltage, and what stops it."),
        "phases": ("phases", "One OpenDSS feeder phase by phase."),
        "profile": ("profiling", "What sun and wind will give, as a profile of a case."),
        "transport": ("transporting", "Least cost if networks only carried, without losses."),
    },
    "Markets": {
        "offer": ("exchanging", "What a feeder would offer, and what shaped each step."),
        "clear": ("exchanging", "Clear the wholesale market with offers from files."),
        "award": ("exchanging", "Share an award out inside a feeder."),
        "strategy": ("strategies", "What moving the price is worth to a company."),
        "igdt": ("gaps", "How far its forecasts may be off."),
        "welfare": ("levels", "Net surplus of markets against the level of demand."),
    },
    "Design": {"architecture": ("architectures", "Who may tell whom what: published designs, and yours.")},
    "Read": {
        "runs": ("reading", "Run files here."),
        "show": ("reading", "Tables of a run or of a case."),
        "messages": ("reading", "What exactly crossed the boundary."),
        "plot": ("reading", "A picture of a run."),
        "export": ("reading", "All tables of a run as CSV or JSON."),
    },
    "More": {
        "help": ("helping", "Pages on schemes, files, exit codes, privacy, faults."),
        "completion": ("helping", "Script that completes commands, cases, runs and schemes."),
    },
}
COMMANDS = {name: found for section in SECTIONS.values() for name, found in section.items()}

WELCOME = """\
tandem {version} — transmission and distribution as one grid, without handing over models

  Try it      tandem demo                 a small system under four schemes
  Look        tandem cases                published systems by name
  Run         tandem run 14A              also: tandem compare 14A
  Your case   tandem new my-case --transmission case14 --from feeder.m --feeder-at 7
  Help        tandem --help · tandem help schemes
"""


@final
class Lazy(click.Group):
    """A group that imports a command's module only when that command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's interface
        """Names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's interface
        """The command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        found = getattr(import_module(f"gridtandem.cli.{COMMANDS[cmd_name][0]}"), f"{cmd_name}_command")
        assert isinstance(found, click.Command)
        return found

    def invoke(self, ctx: click.Context) -> object:
        """Run the command. A reader that closes the pipe early, such as ``head``, has seen enough."""
        try:
            done = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return EXIT_CLOSED
        return done

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's interface
        """The table itself: listing commands imports none of them."""
        wide = max(map(len, COMMANDS)) + 2
        for section, commands in SECTIONS.items():
            with formatter.section(section):
                formatter.write_dl([(name.ljust(wide - 2), line) for name, (_, line) in commands.items()])


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(f"tandem {_installed()}")
        ctx.exit()


def _installed() -> str:
    from importlib.metadata import version

    return version("gridtandem")


@click.group(cls=Lazy, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version and leave.")
@click.pass_context
def tandem(ctx: click.Context) -> None:
    """Coordinated transmission-distribution studies.  Start with: tandem demo"""
    if ctx.invoked_subcommand is None:
        click.echo(WELCOME.format(version=_installed()), nl=False)


def main(args: Sequence[str] | None = None) -> None:
    """Run a command line and leave the process with its exit code."""
    given = list(sys.argv[1:] if args is None else args)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks ρ is no reason to fail
    code = _carried_out(given)
    if args is None:
        gc.freeze()  # the process ends: nobody need look for what is left over
    sys.exit(code)


def _carried_out(given: Sequence[str]) -> int:
    """The exit code of a command line."""
    try:
        done = tandem.main(given, prog_name="tandem", standalone_mode=False)
        return done if isinstance(done, int) else 0
    except click.Abort as e:  # click's word for Ctrl-C
        return _interrupted(given, e.__cause__)
    except Exception as e:
        if "--debug" in given and not isinstance(e, click.ClickException):
            raise
        return _told(e)
    except KeyboardInterrupt as e:
        return _interrupted(given, e)


def _interrupted(given: Sequence[str], e: BaseException | None) -> int:
    """Where a run was cut off: how to go on, if it says so, or that there is nothing to go on with."""
    nothing = "nothing was saved yet" if given[:1] == ["run"] and "--resume" not in given else ""
    return _said("; ".join(filter(None, ("interrupted", str(e or "") or nothing))), EXIT_INTERRUPTED)


def _told(e: Exception) -> int:
    """Say what went wrong and what to do, in words; the exit code."""
    if isinstance(e, click.ClickException):
        e.show()
        return e.exit_code
    if isinstance(e, TandemError):
        return _said(str(e), e.exit_code)
    if isinstance(e, OSError):
        return _said(f"{e.strerror or e}{f': {e.filename}' if e.filename else ''}", EXIT_USAGE)
    said = f"this should not happen ({type(e).__name__}: {e}); please report it with the output of the same command and --debug"
    return _said(said, EXIT_INTERNAL)


def _said(what: str, code: int) -> int:
    click.echo(click.style("tandem: ", fg="red") + what, err=True)
    return code
