"""Machine code of two functions never has one name: what two processes cached may be loaded into one."""

from __future__ import annotations

import importlib
import pkgutil
from collections import defaultdict
from types import FunctionType

from numba.core.dispatcher import Dispatcher

from gridtandem import flow


def reached(function: FunctionType, seen: dict[int, FunctionType]) -> None:
    """Every compiled function that this one calls, by what it closes over and by what its module holds."""
    if id(function) in seen:
        return
    seen[id(function)] = function
    held = [cell.cell_contents for cell in function.__closure__ or ()]
    for each in held + [function.__globals__.get(name) for name in function.__code__.co_names]:
        if isinstance(each, Dispatcher):
            reached(each.py_func, seen)


def test_every_compiled_function_has_a_name_of_its_own() -> None:
    seen: dict[int, FunctionType] = {}
    kernels = [m.name for m in pkgutil.iter_modules(flow.__path__) if m.name.startswith("kernels_")]
    for name in kernels:
        for each in vars(importlib.import_module(f"gridtandem.flow.{name}")).values():
            if isinstance(each, Dispatcher):
                reached(each.py_func, seen)
    named = defaultdict(list)
    for function in seen.values():
        named[function.__module__, function.__qualname__].append(function)
    assert len(seen) > 5 * len(kernels)
    assert [name for name, functions in named.items() if len(functions) > 1] == []
