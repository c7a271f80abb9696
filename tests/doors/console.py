"""Code blocks of Markdown pages: Python runs, ``$ tandem …`` runs and says what the page says, numbers aside."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

ROOT = Path(__file__).parents[2]
MAIN = "import sys; from gridtandem.cli import main; sys.argv[0] = 'tandem'; sys.exit(main())"


@final
@dataclass(frozen=True, slots=True)
class Command:
    """One line after a prompt, and what the page shows below it."""

    words: str
    shown: tuple[str, ...]
    ends: int = 0  # the exit code that the comment behind it tells


def blocks(text: str, language: str) -> list[str]:
    """Fenced blocks in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def commands(text: str) -> list[Command]:
    """Prompts of all console blocks, comments behind two blanks left out."""
    out: list[Command] = []
    for block in blocks(text, "console"):
        for line in block.splitlines():
            if line.startswith("$ "):
                words, _, comment = re.sub(r"\s{2,}#", "\n", line[2:]).partition("\n")
                told = re.search(r"ends with code (\d+)", comment)
                out.append(Command(words.strip(), (), int(told[1]) if told else 0))
            elif line.strip() and out:
                out[-1] = replace(out[-1], shown=(*out[-1].shown, line))
    return out


def plain(line: str) -> str:
    """A line without its numbers, bars and widths: what must stay the same when a machine is faster or a version newer."""
    line = re.sub(r"[━─╌▁▂▃▄▅▆▇█]+", "", line)
    return " ".join(re.sub(r"[-+−]?\d[\d.,\u202f]*(e[-+]?\d+)?", "#", line).split())


def exact(line: str) -> str:
    """A line with its numbers, for pages whose digits somebody may compare with their own; … at its end stands for the rest of it."""
    return " ".join(line.split())


def missing(shown: tuple[str, ...], said: str, *, read: Callable[[str], str] = plain) -> list[str]:
    """Lines of the page that the program did not say as ``read``, in order; a line of only … stands for any lines."""
    left = [read(line) for line in said.splitlines()]
    out = []
    for line in shown:
        if line.strip() == "…":
            continue
        begin, _, rest = read(line).partition(" …")
        same = (k for k, told in enumerate(left) if told == read(line) or (rest == "" and " …" in read(line) and told.startswith(begin)))
        if (at := next(same, None)) is not None:
            left = left[at + 1 :]
        else:
            out.append(line)
    return out


def run_tandem(words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A ``tandem`` command as the page writes it, in a folder of its own, without colours."""
    env = os.environ | {"PYTHONPATH": str(ROOT / "src"), "NO_COLOR": "1", "COLUMNS": "120", "HOME": str(folder), "PYTHONWARNINGS": "error"}
    command = [sys.executable, "-c", MAIN, *words.split()[1:]]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, encoding="utf-8", check=False, timeout=300)


def run_python(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """All Python blocks of a page, one after another, as one script with warnings as errors."""
    env = os.environ | {"PYTHONPATH": str(ROOT / "src"), "MPLBACKEND": "agg", "HOME": str(folder)}
    command = [sys.executable, "-W", "error", "-c", "\n".join(blocks(text, "python"))]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, encoding="utf-8", check=False, timeout=300)
