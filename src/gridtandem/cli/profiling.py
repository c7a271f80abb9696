"""The command for days of sun and wind: profile."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from gridtandem.cli.out import Out, speaks
from gridtandem.cli.words import Numbers, Setting

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
WRITTEN = click.Path(path_type=Path, dir_okay=False, allow_dash=True)


@click.command("profile")
@click.argument("kind", type=click.Choice(["pv", "wind"]))
@click.argument("day", type=FILE, required=False)
@click.option("--mean", type=Numbers(), metavar="X[,X…]", help="Instead of DAY: irradiance [kW/m²] or speed [m/s].")
@click.option("--sigma", type=Numbers(), metavar="X[,X…]", help="Its standard deviation.")
@click.option("--temperature", type=Numbers(), metavar="T[,T…]", help="pv: of the air [°C].  [25]")
@click.option("--shape", type=float, metavar="K", help="wind: of the Weibull law, without --sigma.  [2, Rayleigh]")
@click.option("--module", "--turbine", "plant", type=FILE, metavar="FILE", help="The plant, .toml.  [1 MW]")
@click.option("--set", "settings", type=Setting(), multiple=True, metavar="NAME=X", help="Of the plant: modules s_high_mva cut_in_m_per_s …")
@click.option("--legacy", is_flag=True, help="pv: the Beta law as planning papers misprint it.")
@click.option("--name", default="", metavar="NAME", help="Of the profile.  [pv or wind]")
@click.option("--csv", "target", type=WRITTEN, metavar="FILE", help="Write profiles.csv, beside profiles in it; - to the screen.")
@click.option("--plot", "drawn", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Draw it: .svg, .pdf or .png.")
@speaks
@click.pass_obj
def profile_command(
    out: Out, *, kind: Literal["pv", "wind"], day: Path | None, mean: tuple[float, ...] | None, sigma: tuple[float, ...] | None,
    temperature: tuple[float, ...] | None, shape: float | None, plant: Path | None, settings: tuple[tuple[str, float | str], ...], legacy: bool,
    name: str, target: Path | None, drawn: Path | None,
) -> int:  # fmt: skip
    """$ tandem profile pv day.csv --csv my-case/dso-7/feeder/profiles.csv

    What sun or wind will give, hour by hour: expected power, its standard deviation, and the factor that units of a case follow.
    """
    from gridtandem.report.renewables.power import profile_asked, renewable_document
    from gridtandem.report.style import save
    from gridtandem.study.renewables import profiles_beside

    asked = {"mean": mean, "sigma": sigma, "temperature": temperature}
    found = profile_asked(kind, day, plant, dict(settings), shape=shape, legacy=legacy, **asked)
    text = profiles_beside(target, found.profiles(name)) if target is not None else ""
    out.data(lambda: renewable_document(found, name), lambda: text.rstrip("\n") if str(target) == "-" else repr(found))
    if target is not None and str(target) != "-":
        target.write_text(text, encoding="utf-8", newline="\n")
        out.say(f"wrote {target}")
    if drawn is not None:
        out.say(f"picture   {save(found.plot(), drawn)}")
    return 0
