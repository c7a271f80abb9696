"""Pictures by name: the module that draws one is loaded when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from gridtandem.errors import UnknownName

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def drawn(pictures: Mapping[str, str], kind: str, what: object) -> Figure:
    """The picture of that kind; ``pictures`` says which function draws which, as ``module:function``."""
    if kind not in pictures:
        raise UnknownName("picture", kind, list(pictures))
    module, _, name = pictures[kind].partition(":")
    figure: Figure = getattr(import_module(module), name)(what)
    return figure
