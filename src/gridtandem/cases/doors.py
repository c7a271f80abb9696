"""One door for every kind of file: the content says which reader it needs, the name of the file only helps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from gridtandem.cases.folder.write import read_network_folder
from gridtandem.cases.matpower.read import read_matpower
from gridtandem.cases.pandapower.read import read_pandapower
from gridtandem.cases.text_file import read_text
from gridtandem.errors import Fault, InvalidCase
from gridtandem.grid.network import Network

KINDS: Final = "a MATPOWER case file (.m), a pandapower file (.json) or a network folder (network.toml and CSV tables)"
ASIDE: Final = "buses are called by number; the names in mpc.bus_name are left aside"
ELSEWHERE: Final = {
    ".dss": "solve it by phases with `tandem phases FILE.dss` or gt.three_phase, offer it with `tandem offer`, or hang it with `tandem new --from`",
    ".mat": "open it in MATLAB or Octave and save it with MATPOWER's savecase as .m",
    ".xlsx": "load it with pandapower and save it with to_json",
    ".p": "load it with pandapower and save it with to_json",
    ".raw": "turn it into a MATPOWER case with MATPOWER's psse2mpc",
}


def read_network(path: str | Path, *, equivalents: bool = False) -> Network:
    """A network from a file or folder of any kind this package reads.

    ``equivalents`` says that negative impedances stand for reduced networks or series capacitors; our own folders say so themselves.
    Buses of MATPOWER files are called by number, as in its publications; a note tells where the file has names as well.
    """
    path = Path(path)
    if path.is_dir():
        return read_network_folder(path)
    if mend := ELSEWHERE.get(path.suffix.lower()):
        raise InvalidCase([Fault("file", f"is of a kind this door does not read ({path.suffix})", mend, "case-100", place=path.name)])
    text = read_text(path, KINDS)
    if text.lstrip().startswith("{"):
        return read_pandapower(path, equivalents=equivalents)
    if path.suffix.lower() == ".m" or "function" in text:
        found = read_matpower(path, equivalents=equivalents, numbered=True)
        return replace(found, notes=(*found.notes, ASIDE)) if "mpc.bus_name" in text else found
    raise InvalidCase([Fault("file", "is of no kind known here", f"give {KINDS}", "case-101", place=path.name)])
