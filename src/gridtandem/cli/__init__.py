"""The command line: ``tandem``. A command reads, calls one library function, writes; it computes nothing.

May import: study, report, cases, tables, errors. Heavy packages are imported inside a command, so that ``tandem --help`` stays light.
"""

from gridtandem.cli.app import main as main

__all__ = ["main"]
