"""Where the files of a case lie: in a folder on disk, or in memory as a run file keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, final

from gridtandem.errors import Fault

MEND = "every network folder holds it"


class Home(Protocol):
    """A case folder; places within it are named with slashes, the folder itself by nothing."""

    @property
    def name(self) -> str: ...
    def text(self, place: str, mend: str = MEND) -> str | Fault: ...
    def files(self, folder: str) -> list[str] | None: ...
    def folders(self, folder: str) -> list[str]: ...


@final
@dataclass(frozen=True, slots=True)
class OnDisk:
    """A folder."""

    path: Path

    @property
    def name(self) -> str:
        """Its name."""
        return self.path.name

    def text(self, place: str, mend: str = MEND) -> str | Fault:
        """The text of a file, or why there is none."""
        file = self.path / place
        try:
            return _sound(file.name, file.read_bytes().decode("utf-8-sig"))
        except UnicodeDecodeError:
            return Fault(file.name, "is not UTF-8 text", "save it as text, in a spreadsheet as 'CSV UTF-8'", "case-202")
        except OSError as e:
            missing = isinstance(e, FileNotFoundError)
            return Fault(
                file.name, "is missing" if missing else f"cannot be opened ({e.strerror})", mend if missing else "make it readable", "case-201"
            )

    def files(self, folder: str) -> list[str] | None:
        """Names of all that lies in a folder, in order; None where there is no such folder."""
        here = self.path / folder
        return sorted(p.name for p in here.iterdir()) if here.is_dir() else None

    def folders(self, folder: str) -> list[str]:
        """Names of the folders in a folder, in order."""
        return [name for name in self.files(folder) or [] if (self.path / folder / name).is_dir()]


@final
@dataclass(frozen=True, slots=True)
class InMemory:
    """Texts by their places."""

    texts: Mapping[str, str]
    within: Mapping[str, Mapping[str, bool]]  # folder → what lies in it, and whether that is a folder
    name: str = "case"

    @staticmethod
    def of(texts: Mapping[str, str]) -> InMemory:
        """Sort the places by folder."""
        within: dict[str, dict[str, bool]] = {}
        for place in texts:
            parts = place.split("/")
            for depth, part in enumerate(parts):
                within.setdefault("/".join(parts[:depth]), {})[part] = depth < len(parts) - 1
        return InMemory(texts, within)

    def text(self, place: str, mend: str = MEND) -> str | Fault:
        """The text of a file, or why there is none."""
        name = place.rpartition("/")[2]
        return _sound(name, self.texts[place]) if place in self.texts else Fault(name, "is missing", mend, "case-201")

    def files(self, folder: str) -> list[str] | None:
        """Names of all that lies in a folder, in order; None where there is no such folder."""
        found = self.within.get(folder)
        return None if found is None else sorted(found)

    def folders(self, folder: str) -> list[str]:
        """Names of the folders in a folder, in order."""
        return sorted(name for name, inner in self.within.get(folder, {}).items() if inner)


def _sound(name: str, text: str) -> str | Fault:
    return Fault(name, "is not text", "replace it by a text file", "case-202") if "\0" in text else text
