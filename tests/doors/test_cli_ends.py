"""Exit codes, each provoked; errors in words; Ctrl-C that loses nothing."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from gridtandem.cli import out as speech
from gridtandem.cli.exits import EXIT_CONTRADICTED, MEANING
from gridtandem.cli.out import Out
from gridtandem.cli.patience import SHOWN_AFTER, Watch, patience
from gridtandem.cli.running import _saved_since
from gridtandem.coordinate import End, Outcome
from gridtandem.study import shelf
from gridtandem.study.store import RunFile
from tests.doors.terminal import MAIN, Said, process, tandem


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def no_traceback(said: Said) -> bool:
    return "Traceback" not in said.out + said.err


ENDS = {
    "a run": (["run", "14A"], 0),
    "no such command": (["rnu"], 2),
    "no such option": (["run", "14A", "--shceme", "merged"], 2),
    "no case": (["run"], 2),
    "case and run": (["run", "14A", "--resume", "14A"], 2),
    "another study for a run file": (["run", "--resume", "14A", "--loading", "1.2"], 2),
    "another scheme for a run file": (["run", "--resume", "14A", "--scheme", "merged"], 2),
    "no such case": (["run", "14X"], 2),
    "no such scheme": (["run", "14A", "--scheme", "mergd"], 2),
    "no such option of a scheme": (["run", "14A", "--set", "tool=1"], 2),
    "an option that is no number": (["run", "14A", "--set", "tol=small"], 2),
    "an option that must be whole": (["run", "14A", "--scheme", "anderson", "--set", "memory=2.5"], 2),
    "a loading that is no number": (["run", "14A", "--loading", "much"], 2),
    "an empty name": (["run", ""], 2),
    "a tolerance that is no number": (["run", "14A", "--set", "tol=nan"], 2),
    "more feeders than there are": (["run", "14A", "--parallel", "99999999999999999999"], 2),
    "an infinite loading": (["run", "14A", "--loading", "inf"], 2),
    "one exponent": (["run", "14A", "--exponents", "0.9"], 2),
    "three counts for two interfaces": (["run", "14A", "--parallel", "1,2,3"], 2),
    "no such rule": (["run", "14A", "--fail-if", "voltage-eror>1"], 2),
    "no such scheme of a rule": (["run", "14A", "--fail-if", "merged:rounds>1"], 2),
    "no such run": (["show", "nothing.tandem"], 2),
    "no such table": (["show", "14A", "--table", "tso/lins"], 2),
    "no such topic": (["help", "shemes"], 2),
    "an ending not known": (["convert", "14A", "14A.xlsx"], 3),
    "feeders in a file of one network": (["convert", "14A", "14A.m"], 3),
    "no feeder to ask": (["run", "case14", "--scheme", "load-flow"], 3),
    "no feeder at an interface": (["run", "14A", "--parallel", "0"], 3),
    "a loading that no grid carries": (["run", "14A", "--loading", "9"], 4),
    "one of two loadings": (["run", "14A", "--loading", "1,9"], 4),
    "schemes without answer": (["compare", "14A", "--schemes", "merged,response", "--loading", "9"], 4),
    "too few rounds": (["run", "14A", "--rounds", "2"], 5),
    "too few rounds for one scheme": (["compare", "14A", "--schemes", "load-flow,merged", "--rounds", "2"], 5),
    "a rule kept": (["run", "14A", "--fail-if", "voltage-error>1e-8"], 0),
    "a rule broken": (["run", "14A", "--fail-if", "rounds>2"], 10),
    "a rule of one scheme broken": (["compare", "14A", "--fail-if", "independent:voltage-error>1e-8"], 10),
    "a rule about another scheme": (["compare", "14A", "--fail-if", "merged:voltage-error>1e-8"], 0),
    "rules decide": (["compare", "14A", "--schemes", "load-flow,merged", "--rounds", "2", "--fail-if", "merged:rounds>1"], 0),
    "a rule without a number to hold it against": (["compare", "14A", "--schemes", "load-flow", "--rounds", "2", "--fail-if", "voltage-error>1"], 10),
}


@pytest.mark.parametrize("name", ENDS)
def test_exit_code(name: str) -> None:
    words, code = ENDS[name]
    said = tandem(*words)
    assert said.code == code, said
    assert no_traceback(said)
    assert code in MEANING
    if code not in (0, 4, 5):
        assert said.err


def test_what_is_no_rule_is_said_before_anything_runs() -> None:
    assert tandem("run", "14A", "--fail-if", "voltage-error>small").err == "tandem: 'voltage-error>small': 'small' is not a number\n"
    assert not Path("tandem-runs").exists()


def test_every_code_is_provoked() -> None:
    assert {code for _, code in ENDS.values()} | {1, EXIT_CONTRADICTED, 130, 141} == set(MEANING)  # 11 is provoked beside the schemes


def test_an_internal_error_is_told_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "shelf", lambda _: 1 / 0)
    said = tandem("runs")
    assert said == Said(
        1,
        "",
        "tandem: this should not happen (ZeroDivisionError: division by zero); please report it with the output of the same command and --debug\n",
    )
    with pytest.raises(ZeroDivisionError):
        tandem("runs", "--debug")


@pytest.mark.parametrize("words", [("show", "14A-m"), ("messages", "14A-merged", "--json")])
def test_a_beginning_that_two_runs_share(words: tuple[str, ...]) -> None:
    for name in ("14A-merged-000000", "14A-merged-111111"):
        Path("tandem-runs").mkdir(exist_ok=True)
        path = Path(f"tandem-runs/{name}.tandem")
        path.touch()
        os.utime(path, (int(name[-1]), int(name[-1])))
    said = tandem(*words)
    why = "begins 2 runs" if words[1] == "14A-m" else "was saved under 2 different studies"
    found = "14A-merged-111111, 14A-merged-000000"
    assert (said.code, said.err) == (2, f"tandem: {words[1]!r} {why}; write more of it, newest first: {found}\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "case14x"], "no case or folder named 'case14x'; did you mean 'case14'?"),
        (["run", "14A", "--scheme", "respond"], "no scheme named 'respond'; did you mean 'response'?"),
        (["show", "14A", "--table", "tso/bus"], "no table of this case named 'tso/bus'; did you mean 'tso/buses'?"),
        (["plot", "14A"], "no run named '14A'; known: none"),
    ],
)
def test_an_unknown_name_comes_with_a_suggestion(words: list[str], message: str) -> None:
    assert tandem(*words).err == f"tandem: {message}\n"


def test_a_file_that_is_no_run_is_named() -> None:
    Path("mine.tandem").write_bytes(b"this is no database, whatever its name says")
    said = tandem("show", "mine.tandem")
    assert said.code == 3
    assert "mine.tandem" in said.err
    assert "run-00" in said.err


def test_two_bad_files_and_all_their_faults_at_once() -> None:
    assert tandem("new", "my-case").code == 0
    lines = Path("my-case/dso-7/case33bw/lines.csv")
    head, first, *rest = lines.read_text(encoding="utf-8").splitlines()
    cells = dict(zip(head.split(","), first.split(","), strict=True))
    lines.write_text("\n".join([head, ",".join((cells | {"r_ohm": "-0.08"}).values()), *rest]), encoding="utf-8")
    loads = Path("my-case/tso/loads.csv")
    loads.write_text(loads.read_text(encoding="utf-8").replace(",94.2,", ",much,"), encoding="utf-8")
    for said in (tandem("check", "my-case"), tandem("run", "my-case")):
        assert said.code == 3
        assert no_traceback(said)
        told = said.out + said.err
        assert "2 faults" in told
        assert "my-case/dso-7/case33bw/lines.csv row 2: lines[1-2].r_ohm" in told
        assert "my-case/tso/loads.csv row 3: loads[3].p_mw" in told
    document = tandem("check", "my-case", "--json").document
    assert (document["sound"], len(document["faults"])) == (False, 2)


def test_nothing_is_overwritten() -> None:
    assert tandem("new", "my-case").code == 0
    assert tandem("new", "my-case").code == 2
    assert tandem("convert", "case33bw", "a.m").code == 0
    assert tandem("convert", "case69", "a.m").code == 2


def test_a_folder_that_cannot_be_written() -> None:
    Path("file").touch()
    said = tandem("run", "14A", "--out", "file/below")
    assert (said.code, no_traceback(said)) == (2, True)
    assert "file" in said.err


def stop_after(monkeypatch: pytest.MonkeyPatch, rounds: int, times: int = 1) -> None:
    """Press Ctrl-C while the given round is being kept."""
    save = RunFile.save

    def pressed(self: RunFile, outcome: Outcome[object]) -> None:
        save(self, outcome)
        if outcome.rounds == rounds and outcome.end is End.STOPPED:
            monkeypatch.setattr(RunFile, "save", save)
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(RunFile, "save", pressed)


def everything(path: Path) -> list[str]:
    """All rows of all tables of a run file."""
    with closing(sqlite3.connect(path)) as db:
        return sorted(db.iterdump())


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("scheme", ["load-flow", "response", "anderson"])
def test_an_interrupted_run_resumes_to_the_same_bits(scheme: str, times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    tandem("run", "14B", "--scheme", scheme, "--out", "through")
    with monkeypatch.context() as pressing:
        stop_after(pressing, 2, times)
        said = tandem("run", "14B", "--scheme", scheme)
    path = next(Path("tandem-runs").glob("*.tandem"))
    assert said.code == 130
    assert f"go on with  tandem run --resume {path}" in said.err
    assert tandem("runs", "--json").document["rows"][0]["end"] == "STOPPED"
    assert tandem("run", "--resume", path.stem).code == 0
    assert everything(path) == everything(Path("through") / path.name)


def test_a_run_that_has_just_agreed_is_not_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    save = RunFile.save

    def pressed(self: RunFile, outcome: Outcome[object]) -> None:
        save(self, outcome)
        if outcome.end is End.AGREED:
            monkeypatch.setattr(RunFile, "save", save)
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(RunFile, "save", pressed)
    assert tandem("run", "14A").code == 0


def test_more_rounds_for_a_run_that_had_too_few() -> None:
    tandem("run", "14A", "--rounds", "2")
    name = next(Path("tandem-runs").glob("*.tandem")).stem
    assert tandem("run", "--resume", name).code == 5
    assert tandem("run", "--resume", name, "--rounds", "9").code == 0


def test_who_stops_a_comparison_wants_no_further_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_after(monkeypatch, 2)
    said = tandem("compare", "14A", "--schemes", "load-flow,response,merged")
    assert said.code == 130
    assert [line.split()[0] for line in said.out.splitlines()[2:4]] == ["load-flow", "load-flow:"]


def test_ctrl_c_outside_of_rounds() -> None:
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "  # who starts us may have told us to ignore it
    press = f"{heard}import gridtandem.study.shelf as s; s.shelf = lambda _: signal.raise_signal(signal.SIGINT); "
    said = process("runs", code=press + MAIN)
    assert (said.code, said.err.strip()) == (130, "tandem: interrupted")


def test_ctrl_c_before_the_first_round_says_that_nothing_was_saved() -> None:
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    press = f"{heard}import gridtandem.study.shelf as s; s.place_of = lambda *_: signal.raise_signal(signal.SIGINT); "
    said = process("run", "14A", code=press + MAIN)
    assert (said.code, said.err.strip()) == (130, "tandem: interrupted; nothing was saved yet")


def test_ctrl_c_after_a_round_says_how_to_go_on(tmp_path: Path) -> None:
    done = tandem("run", "14A", "--scheme", "load-flow")
    assert done.code == 0
    path = next(Path("tandem-runs").glob("*.tandem"))
    begin = path.stat().st_mtime
    assert _saved_since(path, begin) == f"go on with  tandem run --resume {path}"
    assert _saved_since(path, begin + 1) == _saved_since(tmp_path / "none.tandem", begin) == ""


def test_the_old_hand_is_back_after_a_run() -> None:
    before = signal.getsignal(signal.SIGINT)
    with patience(Out()):
        assert signal.getsignal(signal.SIGINT) != before
    assert signal.getsignal(signal.SIGINT) == before


def test_a_reader_that_has_seen_enough() -> None:
    closed = "import os, sys; r, w = os.pipe(); os.close(r); os.dup2(w, 1); "
    said = process("cases", code=closed + MAIN)
    assert (said.code, said.err) == (141, "")


@pytest.mark.parametrize(("terminal", "late", "moves"), [(True, True, True), (True, False, False), (False, True, False)])
def test_a_line_moves_only_on_a_terminal_and_only_when_it_takes_long(
    terminal: bool, late: bool, moves: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    watch = Watch(Out(), "14A")
    watch.begin -= 2 * SHOWN_AFTER * late
    watch(Outcome(End.STOPPED, None, (1e-3,), 1e-9))
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "\r\x1b[2K14A  round 1  gap 1.00e-03  goal 1e-09" * moves


def test_the_clock_moves_where_no_round_ends(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Seating before the first round, plans and checks after the last."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("gridtandem.cli.patience.TICK", 0.001)
    with patience(Out(), "118") as watch:
        watch.begin -= 65.0
        while not watch.shown:
            threading.Event().wait(0.001)
        watch(Outcome(End.STOPPED, None, (1e-3,), 1e-9))
        watch.tick()
    assert not any("_ticking" in thread.name for thread in threading.enumerate())
    said = capsys.readouterr().err
    assert said.startswith("\r\x1b[2K118  0:01:0")
    assert "118  round 1  gap 1.00e-03  goal 1e-09  0:01:0" in said
    assert said.endswith("\r\x1b[2K")


@pytest.mark.parametrize("name", ["NO_COLOR", "TERM"])
def test_plain_terminals_are_respected(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert not speech.plain_terminal()
    monkeypatch.setenv(name, "dumb")
    assert speech.plain_terminal()


def test_quiet_and_verbose() -> None:
    assert tandem("run", "14A", "--rounds", "2", "-q").err == ""
    said = tandem("run", "14A", "-v")
    assert len([line for line in said.err.splitlines() if " round " in line]) == 3


def test_no_escape_reaches_a_file() -> None:
    for words in (("compare", "14A"), ("run", "nothing")):
        said = process(*words)
        assert "\x1b" not in said.out + said.err
