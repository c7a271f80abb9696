"""Machine code that numba made, kept in files of its own and loaded without numba.

What numba caches can be read by numba alone. The machine code in it needs little: a loader (llvmlite, which numba brings), and the functions that
numba's extension modules lend it to take arguments apart and to make arrays. So a file here holds one kernel for one set of types of arguments:
a line of JSON, and the object file as numba cached it. `Shelf.taken` links it just as numba would.

What might not fit is never loaded. `Shelf.here` is None, and numba serves alone, where anything is unknown: another platform, another version of
numba than `TESTED`, settings of numba in the environment. A file is taken only if all of these are as when it was written: Python, numpy, llvmlite,
numba (its extension modules included), the processor and its features, the text of every kernel of the package, and the checksum of the file; and
if each symbol that it leaves open can be given. A kernel is put away only if it needs nothing beyond that: no object of Python but types of arrays.
"""

from __future__ import annotations

import ctypes
import json
import os
import pickle
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import import_module
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import Any, final

TESTED = ("0.61", "0.62", "0.63", "0.64", "0.65", "0.66", "0.68")  # series of numba; a test says so when another is installed
SHAPE = 1  # of these files; a change of it makes all of them void
LENDERS = ("_helperlib", "_dynfunc", "core.runtime._nrt_python", "_devicearray", "_dispatcher")  # numba's extension modules
NUMBERS = (*(f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)), "float32", "float64", "complex64", "complex128")
ONE_AT_A_TIME = Lock()  # for a moment an empty package stands in the place of numba
HARMLESS = {"NUMBA_CACHE_DIR", "NUMBA_NUM_THREADS"}  # settings that do not touch machine code


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Shelf:
    """Where the files are, and what is lent to the machine code in them."""

    places: tuple[Path, ...]  # looked through in this order
    lent: dict[str, ModuleType]
    types: Callable[[object], bytes]  # a mark of the types of the arguments in a tuple, as numba tells them apart
    numba: str  # the version, and the extension modules it came with

    @staticmethod
    def here() -> Shelf | None:
        """None where something is not as tested."""
        with ONE_AT_A_TIME:
            return _here()

    def taken(self, module: str, name: str, types: bytes) -> Callable[..., Any] | None:
        """The kernel, ready to be called; None where there is none that fits."""
        with suppress(Exception):  # a file that cannot be read is as good as none
            key = _key(self.numba)
            for place in self.places:
                path = place / _file(module, name, types)
                if path.exists():
                    head, _, code = path.read_bytes().partition(b"\n")
                    said = json.loads(head)
                    if said["key"] == key and said["checksum"] == sha256(code).hexdigest():
                        return self._linked(said, code, name)
        return None

    def put(self, module: str, name: str, types: bytes, *, compiled: Any, given: tuple[object, ...]) -> None:
        """Keep what numba compiled for these arguments and has in its own cache; nothing happens where that cannot be."""
        with suppress(Exception):  # the answer is there already: a later start will take as long as this one, no more
            from gridtandem.machine_code_of_numba import described

            said, code = described(compiled, given)
            if all(self._address(symbol) is not None for symbol in said["open"]):
                said |= {"key": _key(self.numba), "checksum": sha256(code).hexdigest()}
                _written(self.places, _file(module, name, types), json.dumps(said).encode() + b"\n" + code)

    def _linked(self, said: dict[str, Any], code: bytes, name: str) -> Callable[..., Any] | None:
        """One engine for each kernel, so that names in one never mean something in another."""
        import llvmlite.binding as llvm
        import numpy as np

        for symbol in said["open"]:
            address = self._address(symbol)
            if address is None:
                return None
            if address:
                llvm.add_symbol(symbol, address)
        engine = _engine()
        engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        engine.finalize_object()
        environments = []
        for symbol, consts in said["environments"]:
            environment = self.lent["_dynfunc"].Environment({})
            environment.consts[:] = [np.dtype(c) for c in consts]
            slot = engine.get_global_value_address(symbol)
            if not slot:
                return None
            ctypes.c_void_p.from_address(slot).value = id(environment)
            environments.append(environment)
        address, keep = engine.get_function_address(said["symbol"]), (engine, environments)
        if not address:
            return None
        found: Callable[..., Any] = self.lent["_dynfunc"].make_function(sys.modules[__name__], name, "", address, environments[0], keep)
        return found

    def _address(self, symbol: str) -> int | None:
        """What machine code may call: 0 where the process itself has it, None where nobody does. Names are those that numba gives."""
        import builtins

        if symbol == "_Py_NoneStruct":
            return id(None)
        if symbol == "numba_unpickle":
            return ctypes.cast(_for_c(), ctypes.c_void_p).value
        if symbol.startswith("PyExc_"):
            return id(getattr(builtins, symbol.removeprefix("PyExc_")))
        for lender, prefix in (("_helperlib", "numba_"), ("_dynfunc", "numba_"), ("core.runtime._nrt_python", "NRT_"), ("_helperlib", "")):
            held = self.lent[lender].c_helpers
            if symbol.startswith(prefix) and symbol.removeprefix(prefix) in held:
                return int(held[symbol.removeprefix(prefix)])
        return 0 if hasattr(ctypes.pythonapi, symbol) else None


@cache
def _here() -> Shelf | None:
    unsure = any(name.startswith("NUMBA_") and name not in HARMLESS for name in os.environ) or Path(".numba_config.yaml").exists()
    tested = sys.platform == "linux" and sys.implementation.name == "cpython" and sys.maxsize > 2**32
    if unsure or not tested:
        return None
    with suppress(Exception):  # whatever is missing or has moved: numba does without us
        found = find_spec("numba")
        root = Path(str(found.origin)).parent if found else Path()
        version, files = json.loads((root / "_version.py").read_text(encoding="utf-8").split("'''")[1])["version"], _lenders(root)
        if version.rpartition(".")[0] not in TESTED:
            return None
        stamp = [version, *([p.name, p.stat().st_size, p.stat().st_mtime_ns] for p in files.values())]
        lent = _lent(files)
        return Shelf(places=_places(), lent=lent, types=lent["_dispatcher"].compute_fingerprint, numba=json.dumps(stamp))
    return None


def _unpickle(data: int, size: int, _: int) -> object:
    """What a constant in machine code stands for: types of arrays, and errors. That of numba would import numba for it."""
    return pickle.loads(ctypes.string_at(data, size))


@cache
def _for_c() -> Any:
    """`_unpickle` as machine code calls it."""
    return ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)(_unpickle)


def _lenders(root: Path) -> dict[str, Path]:
    return {name: root / (name.replace(".", "/") + EXTENSION_SUFFIXES[0]) for name in LENDERS}


def _lent(files: dict[str, Path]) -> dict[str, ModuleType]:
    """The extension modules under their own names, so that numba finds them if it is imported later. The last of them asks the package, by its
    name, for the one before: while it is read an empty package stands there.
    """
    if "numba" in sys.modules:
        return {name: import_module(f"numba.{name}") for name in files}
    lent: dict[str, ModuleType] = {}
    package = sys.modules["numba"] = ModuleType("numba")
    try:
        for name, path in files.items():
            spec = spec_from_file_location(f"numba.{name}", path)
            assert spec is not None
            assert spec.loader is not None
            lent[name] = module_from_spec(spec)
            spec.loader.exec_module(lent[name])
            setattr(package, name, lent[name])
    finally:
        del sys.modules["numba"]
    lent["_dispatcher"].typeof_init(Shelf, dict.fromkeys(NUMBERS, 0))  # numba does it again with numbers of its own, which marks do not contain
    return lent


@cache
def _key(numba: str) -> str:
    """All that machine code depends on."""
    import llvmlite
    import llvmlite.binding as llvm
    import numpy as np

    text = sha256()
    for path in sorted(Path(__file__).parent.glob("*/kernels_*.py")):
        text.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    processor = [os.uname().machine, llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()]
    versions = [sys.version, str(np.__version__), str(llvmlite.__version__), numba]
    return json.dumps([SHAPE, text.hexdigest(), processor, versions])


def _engine() -> Any:
    """As numba makes it for the processor at hand."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple()
    relocation = "static" if target.name.startswith("x86") else "default"
    host: dict[str, Any] = {"cpu": llvm.get_host_cpu_name(), "features": llvm.get_host_cpu_features().flatten()}
    machine = target.create_target_machine(opt=3, reloc=relocation, codemodel="jitdefault", jit=True, **host)
    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)


def _places() -> tuple[Path, ...]:
    """As numba: the folder that the user names; or beside the sources, and where that cannot be written the user's own cache."""
    named = os.environ.get("NUMBA_CACHE_DIR")
    if named:
        return (Path(named) / "gridtandem",)
    own = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gridtandem"
    return Path(__file__).parent / "__pycache__", own


def _file(module: str, name: str, types: bytes) -> str:
    """One for each kernel, set of types, Python and processor; what else may change is checked when it is read."""
    which = sha256(types + b"\0" + os.uname().machine.encode()).hexdigest()[:16]
    return f"{module}.{name}-{which}.{sys.implementation.cache_tag}.code"


def _written(places: tuple[Path, ...], file: str, content: bytes) -> None:
    """To the first place that takes it; readers see the whole file or none."""
    from uuid import uuid4

    for place in places:
        with suppress(OSError):
            place.mkdir(parents=True, exist_ok=True)
            draft = place / f"{file}.{uuid4().hex}"
            try:
                draft.write_bytes(content)
                draft.replace(place / file)
            finally:
                draft.unlink(missing_ok=True)
            return
