"""Draws the picture of the README from the demo's own case; `python -m tools.readme_picture` writes it, a test compares."""

from __future__ import annotations

from pathlib import Path

from gridtandem.cli.demo import CASE, SCHEMES
from gridtandem.report.front import compare

PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "overview.png"


def drawn(path: Path) -> Path:
    """The overview of the demo at ``path``."""
    from gridtandem.report.style import save

    save(compare(CASE, SCHEMES.split(",")).plot("overview"), path)
    return path


if __name__ == "__main__":
    drawn(PICTURE)
