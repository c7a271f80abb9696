"""A study of load flow as the command line asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gridtandem.cases.case import Case
from gridtandem.report.kinds.flow import DOOR
from gridtandem.study.setting import ROUNDS
from gridtandem.study.study import Study


def studied(case: Case, *, scheme: object = None, options: Mapping[str, object] | None = None, rounds: int = ROUNDS, **given: object) -> Study:
    study: Study = DOOR.asked.studied(case, given, rounds)
    return replace(study, scheme=DOOR.chosen(study, scheme, options))
