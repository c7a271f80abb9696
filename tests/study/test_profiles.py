"""CSV files of loadings and outages: read as written, or refused with all faults at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gridtandem.errors import InvalidCase
from gridtandem.security.outages import Group
from gridtandem.study.profiles import feeder_loading_in, in_step, loading_in, outages_in


def written(folder: Path, text: str) -> Path:
    path = folder / "file.csv"
    path.write_text(text, encoding="utf-8")
    return path


def codes(error: InvalidCase) -> list[str]:
    return [f.code for f in error.faults]


def test_loading(tmp_path: Path) -> None:
    path = written(tmp_path, "time;loading\n2030-01-01 00:00;0.7\n2030-01-01 00:15;0.75\n\n")
    assert loading_in(path).tolist() == [[0.7], [0.75]]


def test_loading_by_feeder_in_the_order_of_the_case(tmp_path: Path) -> None:
    path = written(tmp_path, "B,A\n1,2\n3,4\n")
    assert np.array_equal(feeder_loading_in(path, ["A", "B"]), [[[2.0, 1.0]], [[4.0, 3.0]]])


def test_outages(tmp_path: Path) -> None:
    plain = outages_in(written(tmp_path, "branch\nL1\nL2\n"))
    assert [(g.name, g.branch) for g in plain] == [("", ("L1",)), ("", ("L2",))]
    path = written(tmp_path, "outage,branch\na,L1\nb,L2\na,L3\n")
    assert outages_in(path) == (
        Group(branch=("L1", "L3"), name="a", place=(f"{path} row 2", f"{path} row 4")), Group(branch=("L2",), name="b", place=(f"{path} row 3",)),
    )  # fmt: skip
    with pytest.raises(InvalidCase, match=r"file.csv row 3: outages.outage is empty"):
        outages_in(written(tmp_path, "outage,branch\na,L1\n,L2\n"))


@pytest.mark.parametrize("cell", ["nan", "inf", "-0.5"])
def test_factors_that_mean_nothing_are_placed(tmp_path: Path, cell: str) -> None:
    with pytest.raises(InvalidCase, match=rf"file.csv row 3: loading.loading is {cell}; give a finite factor of 0 or more"):
        loading_in(written(tmp_path, f"loading\n1\n{cell}\n"))


def test_two_files_keep_step(tmp_path: Path) -> None:
    """Times that differ would pair a feeder's night with transmission's noon."""
    year, feeders = written(tmp_path, "time,loading\n00:00,1\n12:00,1\n"), tmp_path / "feeders.csv"
    for text in ("time,A\n00:00,1\n12:00,1\n", "A\n1\n1\n"):
        feeders.write_text(text)
        in_step(year, feeders)
    feeders.write_text("time,A\n12:00,1\n00:00,1\n")
    with pytest.raises(InvalidCase) as caught:
        in_step(year, feeders)
    assert codes(caught.value) == ["batch-007", "batch-007"]
    assert str(caught.value.faults[1]).startswith(f"{feeders} row 3: feeder_loading.time is '00:00' where {year} row 3 has '12:00'; ")
    feeders.write_text("time,A\n00:00,1\n")
    with pytest.raises(InvalidCase, match=rf"{feeders}: feeder_loading has 1 row where {year} has 2; "):
        in_step(year, feeders)


def test_all_faults_of_a_file_at_once(tmp_path: Path) -> None:
    with pytest.raises(InvalidCase) as caught:
        loading_in(written(tmp_path, 'loading\n"0,7"\n\nx\n1.0\n'))
    assert codes(caught.value) == ["case-003", "case-003"]
    assert [str(f.place).rpartition("/")[2] for f in caught.value.faults] == ["file.csv row 2", "file.csv row 4"]
    with pytest.raises(InvalidCase) as caught:
        feeder_loading_in(written(tmp_path, "A,C\n1,1\n"), ["A", "B"])
    assert codes(caught.value) == ["case-001", "case-002"]
    with pytest.raises(InvalidCase) as caught:
        outages_in(written(tmp_path, "outage,branch\n"))
    assert codes(caught.value) == ["case-207"]
    with pytest.raises(InvalidCase, match="cannot be read"):
        loading_in(tmp_path / "none.csv")
