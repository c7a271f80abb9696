"""Networks and cases from one kind of file into another."""

from __future__ import annotations

from pathlib import Path

from gridtandem.cases.case import Case
from gridtandem.cases.folder.write import write_case, write_network_folder
from gridtandem.cases.matpower.write import write_matpower
from gridtandem.cases.named import case
from gridtandem.cases.pandapower.write import write_pandapower
from gridtandem.errors import AlreadyThere, Fault, InvalidCase
from gridtandem.grid.network import Network

WRITERS = {".m": write_matpower, ".json": write_pandapower}


def convert(source: str | Path, target: str | Path) -> tuple[str, ...]:
    """Write a case (by name, folder or file) as the kind of file that the target's ending tells; the answer says what was left out.

    ``.m`` is MATPOWER, ``.json`` pandapower; without an ending it is a folder: of a network where there are no feeders, else of a case.
    """
    found, path = case(source), Path(target)
    if path.suffix in WRITERS:
        if path.exists():
            raise AlreadyThere(f"{path} is there already; choose another name, or remove it first")
        return WRITERS[path.suffix](_alone(found, path), path)
    if path.suffix:
        mend = "end it in .m (MATPOWER) or .json (pandapower), or in nothing for a folder"
        raise InvalidCase([Fault("target", f"{path.suffix!r} is no ending known here", mend, "case-230", place=str(path))])
    if len(found.interfaces):
        write_case(found, path)
    else:
        write_network_folder(found.transmission, path)
    return ()


def _alone(found: Case, path: Path) -> Network:
    if len(found.interfaces):
        what = f"{found.name!r} has feeders; a file of this kind holds one network"
        mend = "convert to a folder; or convert the networks in such a folder, one by one"
        raise InvalidCase([Fault("target", what, mend, "case-231", place=str(path))])
    return found.transmission
