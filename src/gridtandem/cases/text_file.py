"""Reading a file as text, or saying exactly why it is none."""

from __future__ import annotations

from pathlib import Path

from gridtandem.errors import Fault, InvalidCase


def read_text(path: Path, what: str) -> str:
    """The text of a file: UTF-8, else Latin-1 as old case files have it in their comments."""
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as e:
        reason = (e.strerror if isinstance(e, OSError) else None) or str(e)
        raise InvalidCase([Fault("file", f"cannot be read: {reason}", f"give the path of {what}", "case-100", place=str(path))]) from e
    if b"\0" in data:
        raise InvalidCase([Fault("file", "is binary, not text", f"give {what}", "case-101", place=path.name)])
    if not data.strip():
        raise InvalidCase([Fault("file", "is empty", f"give {what}", "case-101", place=path.name)])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")
