"""The import contract of our own: a room imports directly only what the sign on its door says."""

from __future__ import annotations

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

ROOT = "gridtandem"


class Sign(Contract):
    """Direct imports of ``rooms`` within the package end in ``may_import``; outside it, never in ``may_not_import``.

    Names are separated by commas; the package's own name stands for its front door only.
    Rooms that do not exist yet import nothing, so they keep every sign.
    """

    type_name = "sign"

    rooms = fields.StringField()
    may_import = fields.StringField()
    may_not_import = fields.StringField(required=False, default="")

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002 - the interface of import-linter
        rooms, allowed, barred = (_names(str(given)) for given in (self.rooms, self.may_import, self.may_not_import))
        broken = []
        for module in sorted(m for m in graph.modules if _within(m, rooms)):
            for imported in sorted(graph.find_modules_directly_imported_by(module)):
                inside = imported.split(".")[0] == ROOT
                if (inside and not _within(imported, [*rooms, *allowed])) or (not inside and _within(imported, barred)):
                    lines = [str(d["line_number"]) for d in graph.get_import_details(importer=module, imported=imported)]
                    broken.append(f"{module} -> {imported} (l.{', '.join(lines)})")
        return ContractCheck(kept=not broken, metadata={"broken": broken, "allowed": allowed})

    def render_broken_contract(self, check: ContractCheck) -> None:
        output.print_error(f"Of this package it may import only {', '.join(check.metadata['allowed'])}:")
        for line in check.metadata["broken"]:
            output.print_error(f"-   {line}", bold=False)
        output.new_line()


def _names(given: str) -> list[str]:
    return [name.strip() for name in given.split(",") if name.strip()]


def _within(module: str, rooms: list[str]) -> bool:
    return any(module == room or (module.startswith(f"{room}.") and room != ROOT) for room in rooms)
