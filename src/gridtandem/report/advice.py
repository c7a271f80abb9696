"""A diagnosis and an examination, in words and as documents."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gridtandem.report.tables import as_records, number, plain
from gridtandem.study.doctor import sound

if TYPE_CHECKING:
    from gridtandem.study.diagnose import Diagnosis
    from gridtandem.study.doctor import Examination
    from gridtandem.study.study import Study

DIAGNOSIS, DOCTOR = "tandem/diagnosis/1", "tandem/doctor/1"


def diagnosis_in_words(study: Study, found: Diagnosis) -> str:
    """The contraction ratio, what it means, and what to do."""
    ratio = "could not be told" if math.isnan(found.contraction) else f"{found.contraction:.3g}"
    lines = [f"{study.case.name}: take the scheme {found.recommend}", f"  why       {found.why}", f"  ratio ρ   {ratio}"]
    if math.isfinite(found.rounds):
        lines.append(f"  forecast  {math.ceil(found.rounds)} plain rounds to 1e-9, by ρ alone")
    return "\n".join(lines)


def diagnosis_document(study: Study, found: Diagnosis) -> dict[str, object]:
    """The same for machines."""
    ratio, rounds = number(found.contraction), number(found.rounds)
    return {"schema": DIAGNOSIS, "case": study.case.name, "contraction": ratio, "rounds": rounds, "recommend": found.recommend, "why": found.why}


def examination_in_words(found: Examination) -> str:
    """A line per look, and what to do about the rest."""
    missing = [str(w) for w, well, needed in zip(found.what, found.well, found.needed, strict=True) if needed and not well]
    return "\n".join([plain(found, rows=len(found)), "all is well" if not missing else f"to mend: {', '.join(missing)}"])


def examination_document(found: Examination) -> dict[str, object]:
    """The same for machines."""
    return {"schema": DOCTOR, "well": sound(found), "looks": as_records(found)}
