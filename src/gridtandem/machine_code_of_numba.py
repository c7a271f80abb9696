"""What `gridtandem.machine_code` keeps of a kernel, asked from numba after it compiled. Imported in a process that has numba already."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

SYMBOLS, OPEN, ENTRY = 2, 0, 24  # kind of section, section of a symbol that is not defined, bytes of a symbol


def described(compiled: Any, given: tuple[object, ...]) -> tuple[dict[str, Any], bytes]:
    """Names and types that the machine code of these arguments refers to, and that machine code."""
    from numba.core.registry import cpu_target

    signature = tuple(compiled.typeof_pyval(each) for each in given)
    cached = compiled._cache
    held = cached._cache_file.load(cached._index_key(signature, cpu_target.target_context.codegen()))
    (_, kind, (code, _)), about, environment, _, objects, lifted, _, reload_init, others = held
    if kind != "object" or objects or lifted or reload_init:
        raise ValueError("more than machine code")
    environments = {each.env_name: _types(each.consts) for each in (environment, *others)}
    return {"symbol": about.llvm_cpython_wrapper_name, "environments": list(environments.items()), "open": _open(code)}, code


def _types(consts: list[object]) -> list[str]:
    if not all(isinstance(each, np.dtype) for each in consts):
        raise ValueError("refers to objects of Python")
    return [np.dtype(each).str for each in consts]  # type: ignore[call-overload]


def _open(code: bytes) -> list[str]:
    """Symbols that an object file (ELF, 64 bits) leaves open. Source: System V Application Binary Interface, chapter 4, "Object Files"."""
    if code[:6] != b"\x7fELF\x02\x01":
        raise ValueError("not an object file of 64 bits")
    (first,) = struct.unpack_from("<Q", code, 40)
    size, count = struct.unpack_from("<HH", code, 58)
    sections = [struct.unpack_from("<IIQQQQII", code, first + k * size) for k in range(count)]
    found = set()
    for _, kind, _, _, begin, length, names, _ in sections:
        for at in range(begin, begin + length if kind == SYMBOLS else begin, ENTRY):
            name, _, _, where = struct.unpack_from("<IBBH", code, at)
            if where == OPEN and name:
                start = sections[names][4] + name
                found.add(code[start : code.index(b"\0", start)].decode())
    return sorted(found)
