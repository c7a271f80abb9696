"""Inertia as committed, in words and for machines."""

from __future__ import annotations

import numpy as np

from gridtandem.report.tables import as_records, plain
from gridtandem.study.provenance import provenance
from gridtandem.study.reserve.inertia import CommittedInertia

SCHEMA = "tandem/committed-inertia/1"


def inertia_in_words(found: CommittedInertia) -> str:
    """What it comes to, and hour by hour."""
    return f"{found!r}\n\n{plain(found.hours, rows=60)}" if len(found.hours) else repr(found)


def inertia_document(found: CommittedInertia) -> dict[str, object]:
    """All hours, and who runs in each. Without a commitment the cost is null."""
    plants = found.plants.name.tolist()
    runs = [[name for name, on in zip(plants, row, strict=True) if on] for row in found.made.on.tolist()] if len(found.hours) else []
    return {
        "schema": SCHEMA, "case": found.case.name, "currency": found.case.currency, "cost": found.cost if np.isfinite(found.cost) else None,
        "trouble": list(found.trouble), "hours": as_records(found.hours), "runs": runs, "made_with": provenance(),
    }  # fmt: skip
