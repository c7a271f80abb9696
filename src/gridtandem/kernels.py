"""Compiled kernels by name, with as little as possible between a caller and its machine code.

A kernel is a function of a file ``kernels_*.py`` that numba compiles on first use. Importing numba and making it ready takes about half a second,
most of it for a compiler that nobody needs once the machine code lies on disk. So `kernel` looks there first (`gridtandem.machine_code`), by the
types of what is given, and asks numba only for what it does not find. Either way it is the same machine code, hence the same bits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from threading import Lock
from typing import Any, final

from gridtandem.machine_code import Shelf

Function = Callable[..., Any]


@cache
def kernel(module: str, name: str) -> Function:
    """The kernel ``name`` of ``gridtandem.<module>``."""
    shelf = Shelf.here()
    if shelf is None:
        return _compiled(module, name)
    return Kernel(module=module, name=name, shelf=shelf)


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Kernel:
    """One kernel with what is known of it, by the types of its arguments. Arrays are in native byte order and aligned, as numpy makes them."""

    module: str
    name: str
    shelf: Shelf
    known: dict[bytes, Function] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def __call__(self, *given: object) -> Any:
        """Its answer."""
        types = self.shelf.types(given)
        found = self.known.get(types)
        return self._first(types, given) if found is None else found(*given)

    def _first(self, types: bytes, given: tuple[object, ...]) -> Any:
        """The first call with arguments of these types: from the shelf; or from numba, and then on the shelf."""
        with self.lock:
            if types not in self.known:
                found = self.shelf.taken(self.module, self.name, types)
                if found is not None:
                    self.known[types] = found
        if types in self.known:
            return self.known[types](*given)
        compiled = _compiled(self.module, self.name)
        answer = compiled(*given)
        with self.lock:
            if types not in self.known:
                self.shelf.put(self.module, self.name, types, compiled=compiled, given=given)
                self.known[types] = compiled
        return answer


def _compiled(module: str, name: str) -> Function:
    """As numba has it."""
    found: Function = getattr(import_module(f"gridtandem.{module}"), name)
    return found
