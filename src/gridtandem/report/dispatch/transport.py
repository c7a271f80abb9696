"""What networks that only carry would cost, in words and as a document."""

from __future__ import annotations

from gridtandem.opf.transport import TransportResult
from gridtandem.report.tables import as_records, plain
from gridtandem.study.provenance import provenance

TRANSPORT_DOCUMENT = "tandem/transport/1"


def transport_in_words(found: TransportResult, rows: int) -> str:
    """The cost, and what every unit does."""
    return f"{found}, voltages, reactive power and angles\n\n{plain(found.units, rows=rows)}"


def transport_document(found: TransportResult) -> dict[str, object]:
    """Everything, for machines."""
    return {
        "schema": TRANSPORT_DOCUMENT, "name": found.name, "cost_per_h": found.cost_per_h, "currency": found.currency,
        "tables": {"units": as_records(found.units), "branches": as_records(found.branches)}, "made_with": provenance(),
    }  # fmt: skip
