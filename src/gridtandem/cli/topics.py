"""Pages of ``tandem help``: example first, at most 25 lines each."""

from __future__ import annotations

from gridtandem.cli.exits import MEANING

TOPICS = {
    "schemes": "ways to coordinate, and which to take",
    "experiments": "scripted experiments: margins, flows, reserve",
    "reserve": "a day of energy and reserve, secure in frequency",
    "files": "case folders, run files, and other formats",
    "exit-codes": "what a script learns",
    "privacy": "what crosses the boundary and what does not",
    "faults": "how broken data are reported",
}

FILES = """\
tandem new my-case --transmission case14 --from feeder.m --feeder-at 7

A case folder:
  my-case/case.toml         name, title, source, licence
  my-case/interfaces.csv    where feeders hang; the only file that names both sides
  my-case/tso/              buses.csv, lines.csv, loads.csv, … of transmission
  my-case/dso-7/feeder/     one folder per company, in it one per feeder model
Units are in the column names: MW, Mvar, kV, ohm, pu. A column left out has its default.

A case may also be a published name (tandem cases), or a MATPOWER (.m) or pandapower (.json) file: a network alone.

A run file is tandem-runs/<case>-<scheme>-<6 digits of the study's digest>.tandem: one SQLite file with the case,
the settings, every round, the size of every letter, the results, and the state to go on from. The same study gives
the same name. Commands take its name, <case>-<scheme> or any other beginning of it, or its path.

  tandem runs · tandem show RUN · tandem export RUN --out DIR · tandem convert IN OUT
"""

PRIVACY = """\
tandem messages 14A-load-flow

Each company keeps its network. A scheme sees letters only: it cannot import grids (a test of the package holds that).
A letter is a question about the boundary, such as "what do you draw at this voltage?", and its typed answer. The ledger
in the run file lists every letter: round, recipient, kind, how many numbers each way, how many bytes.

What each scheme declares to cross is on `tandem help schemes`. Two of them need a word:
  merged       needs every model whole; only an owner of all networks can run it. It is the reference.
  independent  nothing crosses between the companies.

A study holds all models in one place, because the AC check that judges every scheme needs them. The ledger counts what
would cross if the companies were apart. A curve sent often enough tells something about a feeder; numbers are not
secrets merely because they are few.
"""

RESERVE = """\
tandem run rts24-ffr --scheme joint-reserve --inertia hours.csv --feeders full --nadir 0.8

Least cost of energy, primary reserve of stations and fast reserve of feeders, so that frequency holds after each loss.
Schemes: joint-reserve (one owner of everything, the benchmark), joint-reserve-strategic (distribution companies lead together and
know what they do to prices), joint-reserve-price-taker (each believes that it moves nothing).
  --hours N --first-hour H    which hours of the day  [24 from 1]
  --inertia FILE              CSV hour,inertia_mws,loss_mw[,lost]; rts24-ffr and noh-reduced have hours of their own
  --feeders MODEL             how their networks count: full, base-only (as they stand alone), none  [full]
  --primary-time S[,DELAY]    delivery of primary reserve in seconds, after a delay  [10,0]
  --fast-time S[,DELAY]       delivery of fast reserve  [1,0]
  --nadir HZ                  deepest fall  [1]
  --nadir-by HOW              cone, or refined: no more than it asks for where fast reserve is slow  [cone]

Tables of the run: hours, awards, stations, devices, checks, books, violations (tandem export RUN --out DIR).
Whatever was planned is replayed by load flow, as feeders stand and with all fast reserve called.

  tandem compare rts24-ffr --schemes joint-reserve,joint-reserve-strategic --first-hour 18 --hours 1
  tandem compare rts24-ffr --schemes joint-reserve --fail-if 'gap-to-cooperative>0.01'
  tandem frequency requirement --inertia 7850:8350 --loss 100
"""

FAULTS = """\
tandem check my-case

my-case/dso-7/feeder/lines.csv row 14: lines[l14].r_ohm is negative (-0.08); use a positive value … (case-030)
   file and row, counted as a spreadsheet does; table, name and column; what is wrong; how to mend it; a stable code.

All faults of all files are found at once; the exit code is 3. `tandem check --json` gives them as records.
A command that is given a broken case lists the first 20 and does nothing else; it never guesses a missing number.

Not faults, and told by `tandem check` as notes: branches without a rating (treated as unlimited), and what a reader
of a foreign file had to assume.

A run that finds no load flow is no fault of the data: it ends with a sentence saying who had no answer to what, its
tables are empty where there is no answer, and the exit code is 4.
"""

EXPERIMENTS = """\
tandem experiment load-exponents T14D2 --plot exponents.svg

{names}

Each alters a case again and again, finds the margin (flow-changes: the flows; those of reserve: the schedule) every time, and says what
is held fixed. Buses 18 and 33, and 5 MVA, are of the 33-bus feeder that T14D2, T30D2 and T118Dn4 have. Usual cases: T14D2 for margins and
flows; noh-reduced or rts24-ffr for reserve, whose experiments need feeders that offer fast reserve."""


def page(topic: str) -> str:
    """The text of a topic."""
    if topic == "schemes":
        return _schemes()
    if topic == "experiments":
        return _experiments()
    if topic == "exit-codes":
        lines = [f"  {code:>3}  {meaning}" for code, meaning in MEANING.items()]
        more = ["", "compare returns the worst end of its schemes; with --fail-if the rules alone decide, except after Ctrl-C."]
        return "\n".join(["tandem run 14A --fail-if 'voltage-error>1e-8' || echo $?", "", *lines, *more])
    return {"files": FILES, "privacy": PRIVACY, "faults": FAULTS, "reserve": RESERVE}[topic].rstrip("\n")


def _experiments() -> str:
    from gridtandem.report.experiment.run import experiments_in_words

    return EXPERIMENTS.format(names=experiments_in_words())


def _schemes() -> str:
    from gridtandem.report.schemes import schemes_in_words

    return schemes_in_words()
