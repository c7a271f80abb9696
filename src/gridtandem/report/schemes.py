"""The installed schemes in words, from what their modules say of themselves."""

from __future__ import annotations

from textwrap import wrap

from gridtandem.study.registry import headers

WIDTH = 118


def schemes_in_words() -> str:
    """For each: what it is, and what crosses."""
    lines = ["tandem run 14A --scheme response · tandem compare 14A --schemes all", ""]
    told = headers()
    wide = max(13, *(len(name) + 2 for name in told))
    for name, said in told.items():
        lines += wrap(said.get("line", ""), WIDTH, initial_indent=f"{name:<{wide}}", subsequent_indent=" " * wide)
        lines += wrap(f"crosses: {said.get('crosses', 'it does not say')}", WIDTH, initial_indent=" " * wide, subsequent_indent=" " * wide)
    auto = f"{'auto':<{wide}}takes what `tandem diagnose CASE` recommends: by ρ, the contraction ratio of the plain exchange."
    return "\n".join([*lines, "", auto])
