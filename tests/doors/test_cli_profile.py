"""The command for days of sun and wind, and its how-to page."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

import gridtandem as gt
from gridtandem.cli.exits import EXIT_INVALID, EXIT_USAGE
from tests.doors.console import ROOT, commands, missing, run_python, run_tandem
from tests.doors.terminal import tandem

PAGE = ROOT / "docs/how-to/make-a-day-of-sun-and-wind.md"
DAY = "sun-and-wind.csv"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(PAGE.parent / DAY, tmp_path)
    monkeypatch.chdir(tmp_path)


def test_the_page_does_what_it_says(tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    for command in commands(text):
        done = run_tandem(command.words, tmp_path)
        assert done.returncode == 0, f"{command.words}: {done.stderr}"
        assert missing(command.shown, done.stdout) == []
    assert (done := run_python(text, tmp_path)).returncode == 0, done.stderr
    Path("plant.toml").write_text(text.split("```toml\n")[1].split("```")[0], encoding="utf-8")
    assert tandem("profile", "pv", DAY, "--module", "plant.toml").out.startswith(
        "pv: 1.287 MW of 4,000 modules, fill factor 0.7650, converter 1.100 MVA\n"
    )
    (feeder,) = (net for net in gt.case("my-day").models if net.name == "case33bw-at-10")
    units = feeder.generators.name.tolist()
    factors = feeder.factors("generators", 24)
    assert (factors[:, units.index("PV-two-thirds")] == gt.pv_power(DAY).hours.factor).all()
    assert (factors[:, units.index("wind-third")] == gt.wind_power(DAY).hours.factor).all()


def test_a_bell_that_is_zero_at_night() -> None:
    said = tandem("profile", "pv", DAY, "--plot", "a.svg", "--csv", "profiles.csv")
    assert (said.code, said.err) == (0, "wrote profiles.csv\npicture   a.svg\n")
    assert said.out.rstrip("\n") == repr(gt.pv_power(DAY))
    with Path("profiles.csv").open(encoding="utf-8") as file:
        factor = [float(row["factor"]) for row in csv.DictReader(file)]
    assert factor[:6] == [0.0] * 6
    assert factor[17:] == [0.0] * 7
    assert factor[6:12] == sorted(factor[6:12])
    assert factor[11:17] == sorted(factor[11:17], reverse=True)
    drawn = Path("a.svg").read_text(encoding="utf-8")
    assert tandem("profile", "pv", DAY, "--plot", "b.svg", "-q").err == ""
    assert Path("b.svg").read_text(encoding="utf-8") == drawn


def test_profiles_stand_beside_each_other_and_a_new_one_replaces_its_own() -> None:
    for words in (["pv", "--csv"], ["wind", "--name", "breeze", "--csv"], ["pv", "--set", "s_high_mva=0.5", "--csv"]):
        assert tandem("profile", words[0], DAY, *words[1:], "profiles.csv", "-q").code == 0
    lines = Path("profiles.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[0] for line in lines] == ["profile", *["breeze"] * 24, *["pv"] * 24]
    capped = tandem("profile", "pv", DAY, "--set", "s_high_mva=0.5", "--csv", "-").out.splitlines()
    assert capped[1:] == lines[25:]


def test_for_machines() -> None:
    document = tandem("profile", "wind", "--mean", "7,0", "--sigma", "3,0", "--set", "curve=cubic", "--json").document
    assert (document["schema"], document["kind"], document["p_high_mw"]) == ("tandem/profile/1", "wind", 1.0)
    assert document["plant"]["curve"] == "cubic"
    assert document["hours"][1]["shape"] is None
    assert [row["profile"] for row in document["profiles"]] == ["wind", "wind"]
    legacy = tandem("profile", "pv", "--mean", "0.5", "--sigma", "0.2", "--legacy", "--json").document
    assert legacy["legacy"] is True
    assert legacy["hours"][0]["sigma_mw"] < tandem("profile", "pv", "--mean", "0.5", "--sigma", "0.2", "--json").document["hours"][0]["sigma_mw"]


def test_faults_of_file_and_plant_come_together_with_their_rows() -> None:
    text = Path(DAY).read_text(encoding="utf-8").replace("8,0.295,0.205", "8,0.295,0.6").replace("9,0.434", "9,x")
    Path("day.csv").write_text(text, encoding="utf-8")
    said = tandem("profile", "pv", "day.csv", "--set", "v_mp_v=30")
    assert said.code == EXIT_INVALID
    assert "day.csv row 9: sun[8].irradiance_sigma_kw_per_m2 is 0.6 at a mean of 0.295" in said.err
    assert "day.csv row 10: sun[9].irradiance_kw_per_m2 is 'x'; write a number (case-003)" in said.err
    assert "plant.v_mp_v is 30, and v_oc_v is 21.98" in said.err
    assert "3 faults" in said.err


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["sun"], EXIT_USAGE, "'sun' is not one of 'pv', 'wind'"),
        (["pv"], EXIT_USAGE, "give a day, or both mean and sigma of irradiance"),
        (["pv", "--mean", "0.5"], EXIT_USAGE, "give a day, or both mean and sigma of irradiance"),
        (["wind"], EXIT_USAGE, "give a day, or the mean speed of wind"),
        (["wind", "--mean", "5", "--legacy"], EXIT_USAGE, "--legacy means nothing for wind"),
        (["pv", DAY, "--mean", "0.5"], EXIT_USAGE, "--mean beside sun-and-wind.csv: give a day or numbers"),
        (["pv", "--mean", "0.1,0.2", "--sigma", "0.1,0.1,0.1"], EXIT_USAGE, "give as many numbers of each kind as there are hours, or one"),
        (["pv", DAY, "--set", "v_mp=17"], EXIT_INVALID, "plant.v_mp is nothing that a plant has; did you mean 'v_mp_v'? (renewable-012)"),
        (["pv", DAY, "--set", "v_mp_v=low"], EXIT_INVALID, "plant.v_mp_v is 'low'; give a number (renewable-013)"),
        (["pv", DAY, "--set", "modules=9", "--set", "p_peak_mw=1"], EXIT_INVALID, "plant.modules stands beside p_peak_mw"),
        (["pv", DAY, "--module", DAY], EXIT_INVALID, "plant is not TOML"),
        (["pv", DAY, "--csv", DAY], EXIT_INVALID, "sun-and-wind.csv: profiles.profile is missing"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said(words: list[str], code: int, message: str) -> None:
    before = Path(DAY).read_bytes()
    said = tandem("profile", *words)
    assert said.code == code
    assert message in said.err
    assert Path(DAY).read_bytes() == before


def test_python_takes_files_tables_and_numbers() -> None:
    day = gt.wind_power(DAY)
    again = gt.wind_power(mean_m_per_s=day.hours.wind_m_per_s, sigma_m_per_s=[0.45 * 6.5, *[2.9] * 23])
    assert len(again.hours) == 24
    Path("turbine.toml").write_text('curve = "cubic"\np_rated_mw = 2\n', encoding="utf-8")
    assert gt.wind_power(DAY, plant="turbine.toml").plant == gt.WindPlant(curve="cubic", p_rated_mw=2.0)
    profiles = day.profiles("breeze")
    assert (profiles.factor == day.hours.factor).all()
    assert list(profiles.faults()) == []


def test_the_explanation_tells_what_is_computed_today() -> None:
    told = (ROOT / "docs/explanation/sun-and-wind.md").read_text(encoding="utf-8")
    noon, tied, old = gt.pv_power(DAY), gt.PvPlant(s_high_mva=0.7), gt.PvPlant(voltage="legacy")
    misprint = gt.pv_power(DAY, legacy=True)
    spreads = [run.hours.sigma_mw[11] for run in (misprint, noon)]
    cubic = gt.WindPlant(curve="cubic")
    certain = gt.wind_power(mean_m_per_s=gt.wind_power(DAY).hours.wind_m_per_s, sigma_m_per_s=0, plant=cubic)
    for sentence in (
        f"{spreads[0]:.3f} MW instead of {spreads[1]:.3f} MW",
        f"moves by {misprint.energy_mwh / noon.energy_mwh - 1:.1%}".replace("%", " %"),
        f"from {gt.pv_power(DAY, plant=tied).energy_mwh:.2f} to {gt.pv_power(DAY, plant=tied, legacy=True).energy_mwh:.2f} MWh",
        f"{1 - gt.pv_power(DAY, plant=old).energy_mwh / noon.energy_mwh:.1%} less energy".replace("%", " %"),
        f"gives {certain.energy_mwh:.1f} MWh, and {gt.wind_power(DAY, plant=cubic).energy_mwh:.1f} MWh",
        f"it is {noon.energy_mwh:.3f} MWh",
    ):
        assert sentence in told


def test_columns_that_do_not_fit_are_told_by_their_lengths() -> None:
    said = tandem("profile", "pv", "--mean", ".5,.6", "--sigma", ".1,.2,.3")
    assert said.code == 2
    assert said.err.rstrip().endswith("as many numbers of each kind as there are hours, or one; here are 2 and 3")
