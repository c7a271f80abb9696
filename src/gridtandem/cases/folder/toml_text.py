"""Small settings files: flat TOML with known keys, written by us, read with every fault reported."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from math import isfinite
from typing import TypeAlias

from gridtandem.cases.folder.csv_text import did_you_mean
from gridtandem.errors import Fault

Setting: TypeAlias = "str | float | tuple[str, ...]"
Settings: TypeAlias = Mapping[str, Setting]


def toml_text(settings: Settings, defaults: Settings) -> str:
    """One setting per line, but for those that ``defaults`` names with the same value."""
    return "".join(f"{key} = {_word(value)}\n" for key, value in settings.items() if value != defaults.get(key))


def read_settings(file: str, text: str, defaults: Settings) -> tuple[dict[str, Setting], list[Fault]]:
    """Settings with defaults filled in; unknown keys and values of another kind are faults of ``file``."""
    ready, faults = dict(defaults), []
    try:
        given = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as e:
        return ready, [Fault(file, f"is not TOML: {e}", "correct it there", "case-203")]
    for key, value in given.items():
        if key not in defaults:
            faults.append(Fault(file, f"has no setting {key!r}", did_you_mean(key, defaults, f"settings are: {', '.join(defaults)}"), "case-204"))
            continue
        default = defaults[key]
        if isinstance(default, str) and isinstance(value, str):
            ready[key] = value
        elif isinstance(default, tuple) and isinstance(value, list) and all(isinstance(v, str) for v in value):
            ready[key] = tuple(value)
        elif isinstance(default, float) and isinstance(value, int | float) and not isinstance(value, bool) and _positive(value):
            ready[key] = float(value)
        else:
            want = {str: "a text in quotes", tuple: "a list of texts", float: "a positive number"}[type(default)]
            faults.append(Fault(file, f"cannot use {key} = {value!r}", f"give {want}", "case-205"))
    return ready, faults


def _positive(value: float) -> bool:
    try:
        return isfinite(value) and float(value) > 0
    except OverflowError:
        return False


def _word(value: Setting) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # JSON strings are TOML strings but for this character
    if isinstance(value, tuple):
        return "[\n" + "".join(f"    {_word(v)},\n" for v in value) + "]"
    return repr(value)
