"""Run files that are damaged, busy or somebody else's: always a sentence with the file's name, never an internal error."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import gridtandem as gt
from gridtandem.errors import AlreadyThere, InvalidCase, TandemError, Unavailable
from gridtandem.study import store
from gridtandem.study.shelf import shelf

FUZZED, FLIPS = 200, 3


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run with all its tables."""
    path = tmp_path_factory.mktemp("kept") / "a.tandem"
    gt.run("T14D2", save=path)
    return path


@pytest.fixture
def path(kept: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(kept, tmp_path / "a.tandem"))


def changed(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        for statement in statements:
            db.execute(statement)


def test_damaged_files_are_faults_and_nothing_else(kept: Path, tmp_path: Path) -> None:
    """Wherever bytes are flipped, a file is read as a run or refused by name."""
    whole, rng = kept.read_bytes(), np.random.default_rng(7)
    said: list[tuple[Path, InvalidCase]] = []
    for k in range(FUZZED):
        bad = bytearray(whole)
        for place in rng.integers(0, len(bad), FLIPS):
            bad[place] ^= int(rng.integers(1, 256))
        path = tmp_path / f"{k}.tandem"
        path.write_bytes(bad)
        try:
            gt.opened(path)
        except InvalidCase as e:
            said.append((path, e))
    assert [(f.code[:4], f.place) for _, e in said for f in e.faults] == [("run-", str(path)) for path, _ in said]
    listed = shelf(tmp_path)
    assert len(listed) == FUZZED
    assert 0 < listed.end.tolist().count("UNREADABLE") <= len(said) < FUZZED


BROKEN = {
    "text that is none": "UPDATE meta SET value = CAST(x'ff00fe' AS TEXT) WHERE key = 'case'",
    "a blob for a text": "UPDATE meta SET value = x'ff00fe' WHERE key = 'end'",
    "an end that is none": "UPDATE meta SET value = 'AGREEX' WHERE key = 'end'",
    "no state": "DELETE FROM meta WHERE key IN ('state', 'end', 'goal')",
    "a state that is none": "UPDATE meta SET value = '{' WHERE key = 'state'",
    "a scheme that is none": "UPDATE meta SET value = 'respond' WHERE key = 'scheme_name'",
    "another setting": "UPDATE meta SET value = '7' WHERE key = 'setting.rounds'",
    "another case": "UPDATE case_files SET content = replace(content, '94.2', '94.3')",
    "a way out of the folder": "INSERT INTO case_files VALUES ('../../elsewhere', 'x')",
    "a letter that is none": "UPDATE letters SET bytes = 'many' WHERE number = 1",
    "a number that is none": "UPDATE units SET at_limit = 'upper'",
    "no table": "DROP TABLE buses",
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_contents(name: str, path: Path) -> None:
    changed(path, BROKEN[name])
    with pytest.raises(InvalidCase) as caught:
        gt.opened(path)
    (fault,) = caught.value.faults
    assert (fault.code, fault.place) == ("run-002", str(path))
    if "units" not in BROKEN[name] and "buses" not in BROKEN[name]:
        with pytest.raises(InvalidCase):
            gt.resume(path, rounds=9)


def test_the_message_says_what_is_broken(path: Path) -> None:
    changed(path, BROKEN["another setting"])
    with pytest.raises(InvalidCase) as caught:
        gt.opened(path)
    assert str(caught.value.faults[0]) == (
        f"{path}: run file is not readable (ValueError: case or settings are not those that the run began with); "
        "was it cut short or is it another kind of file? (run-002)"
    )


def test_a_path_out_of_the_case_is_not_followed() -> None:
    """Even where the digest fits."""
    with pytest.raises(ValueError, match="is no place within a case"):
        store._case({"../../elsewhere": "x"})


def test_signs_that_mean_something_in_addresses(tmp_path: Path) -> None:
    path = tmp_path / "50% of #1?.tandem"
    assert gt.run("T14D2", save=path).buses.digest() == gt.opened(path).buses.digest()
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_file_that_another_process_holds(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "PATIENCE", 0.01)
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for use in (lambda: gt.resume(path, rounds=9), lambda: gt.opened(path), lambda: gt.run("T14D2", save=path)):
            with pytest.raises(Unavailable, match=r"a\.tandem is being written by another process; wait until it is done"):
                use()
        assert shelf(path.parent).end.tolist() == ["UNREADABLE"]
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")  # the other may still read along
        with pytest.raises(Unavailable) as caught:
            gt.resume(path, rounds=9)
    assert str(caught.value) == (
        f"run file {path} is being written by another process, or cannot be written (database is locked); wait, or give another place with --out"
    )
    assert gt.resume(path, rounds=9).outcome.agreed


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    path = gt.run("T14D2", rounds=1, save=tmp_path / "a.tandem").path
    assert path is not None
    journal = path.with_name(path.name + "-journal")  # where SQLite keeps what it may have to undo
    with pytest.raises(Unavailable, match="cannot be written"):
        gt.resume(path, rounds=9, watch=lambda _: journal.mkdir())


def test_a_run_that_somebody_removes(tmp_path: Path) -> None:
    """It is not begun anew behind the back of whoever removed it."""
    path = gt.run("T14D2", rounds=1, save=tmp_path / "a.tandem").path
    assert path is not None
    with pytest.raises(Unavailable, match="cannot be written"):
        gt.resume(path, rounds=9, watch=lambda _: path.unlink(missing_ok=True))
    assert not path.exists()


def test_the_same_study_is_replaced_and_another_is_not(path: Path) -> None:
    before = path.read_bytes()
    again = gt.run("T14D2", save=path)
    assert path.read_bytes() == before
    for other in (lambda: gt.run("T14D2", loading=1.1, save=path), lambda: gt.run("T14D2", rounds=2, save=path), lambda: gt.run("14A", save=path)):
        with pytest.raises(AlreadyThere) as caught:
            other()
        assert str(caught.value) == (
            f"{path} is there already and holds another study: T14D2 under response with other data or settings; "
            "choose another name, or remove it first"
        )
    assert path.read_bytes() == before
    assert again.save(path).path == path


def test_what_is_no_run_is_not_replaced(tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("dear to me")
    for taken in (notes, tmp_path):
        with pytest.raises(AlreadyThere, match=r"is there already and is no run file that can be read; choose another name, or remove it first"):
            gt.run("T14D2", save=taken)
    assert notes.read_text() == "dear to me"
    empty = tmp_path / "empty.tandem"
    empty.touch()
    assert gt.run("T14D2", save=empty).path == empty


def test_errors_are_told_with_an_exit_code() -> None:
    assert issubclass(Unavailable, TandemError)
    assert Unavailable.exit_code == 2
