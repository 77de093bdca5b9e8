"""Whether everything can be imported that is imported anywhere, however late.

A bundle is put together by a program that follows imports, and a module that it has missed is
noticed only where it is used: weeks later, in the middle of something. So every module of this
package is imported here, and whatever its code imports anywhere within it, which the compiled code
says, also where there is no source.
"""

from __future__ import annotations

import dis
import importlib
import importlib.util
import pkgutil
import sys
from types import CodeType
from typing import TYPE_CHECKING, NamedTuple

import chatelaine
from chatelaine.selftest.report import CheckFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

OPTIONAL = frozenset({"redis", "sqlalchemy"})
"""What only some sessions of the library need, and the application never."""
_ELSEWHERE = {
    "fcntl": "posix",
    "resource": "posix",
    "msvcrt": "nt",
    "winreg": "nt",
    "secretstorage": "linux",
    "chatelaine.vault.secret_service": "linux",
}
"""What there is, or is of use, on some systems only."""
_OWN = "chatelaine"


class Import(NamedTuple):
    """One import, as the code has it.

    Attributes:
        module: The module.
        names: What is taken from it; none where it is the module itself.
    """

    module: str
    names: tuple[str, ...]


def check() -> str:
    """Import everything.

    Raises:
        CheckFailed: Something is missing.
    """
    missing: dict[str, str] = {}
    skipped: set[str] = set()
    own = sorted(name for name in {_OWN, *_walk(missing)} if _is_wanted_here(name))
    wanted: set[Import] = set()
    for name in own:
        if _try_import(name, missing, skipped):
            wanted.update(_imports_of(name))
    for one in sorted(wanted):
        if _is_wanted_here(one.module) and _try_import(one.module, missing, skipped):
            _look_for_names(one, missing)
    if missing:
        lines = [f"{name}: {problem}" for name, problem in sorted(missing.items())]
        raise CheckFailed(f"{len(missing)} cannot be imported.\n" + "\n".join(lines))
    others = {one.module for one in wanted} - set(own)
    found = f"{len(own)} modules, and {len(others)} of others that they import"
    without = f"; without {', '.join(sorted(skipped))}, which the window does not need"
    return found + (without if skipped else "")


def _walk(missing: dict[str, str]) -> Iterator[str]:
    """Give the names of all modules that lie in this package."""

    def note(name: str) -> None:
        missing[name] = _problem(sys.exception())

    for found in pkgutil.walk_packages(chatelaine.__path__, f"{_OWN}.", onerror=note):
        if not found.name.endswith(".__main__"):
            yield found.name


def _try_import(name: str, missing: dict[str, str], skipped: set[str]) -> bool:
    try:
        importlib.import_module(name)
    except Exception as error:  # noqa: BLE001 - whatever keeps a module from being imported is told
        absent = _optional_in(error)
        if absent:
            skipped.update(absent)
        else:
            missing[name] = _problem(error)
        return False
    return True


def _optional_in(error: BaseException | None) -> set[str]:
    """Give what is not needed here and was not found, for want of which a module has given up."""
    absent: set[str] = set()
    while error is not None:
        if isinstance(error, ModuleNotFoundError):
            absent.add((error.name or "").partition(".")[0])
        error = error.__cause__ or error.__context__
    return absent if absent <= OPTIONAL else set()


def _look_for_names(one: Import, missing: dict[str, str]) -> None:
    """See that the parts of a package are there; of other modules, only what is said can be."""
    module = sys.modules[one.module]
    if not one.module.startswith(_OWN) or not hasattr(module, "__path__"):
        return
    for name in one.names:
        if name == "*" or hasattr(module, name):
            continue
        part = f"{one.module}.{name}"
        try:
            importlib.import_module(part)
        except ImportError as error:
            if not _optional_in(error):
                missing[part] = _problem(error)


def _is_wanted_here(module: str) -> bool:
    top = module.partition(".")[0]
    if top in OPTIONAL:
        return False
    system = _ELSEWHERE.get(module, _ELSEWHERE.get(top))
    if system == "linux":
        return sys.platform.startswith("linux")
    return system is None or (system == "nt") == (sys.platform == "win32")


def _imports_of(name: str) -> Iterable[Import]:
    """Read from the compiled code of a module what it imports, anywhere within it."""
    spec = importlib.util.find_spec(name)
    loader = None if spec is None else spec.loader
    read: Callable[[str], CodeType | None] | None = getattr(loader, "get_code", None)
    if read is None:
        raise CheckFailed(f"The code of {name} cannot be looked at.")
    code = read(name)
    if code is None:
        raise CheckFailed(f"{name} has no code.")
    return [found for part in _parts(code) for found in _in_code(part)]


def _parts(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _parts(constant)


def _in_code(code: CodeType) -> Iterator[Import]:
    module = ""
    names: list[str] = []
    for instruction in dis.get_instructions(code):
        if instruction.opname == "IMPORT_NAME":
            if module:
                yield Import(module, tuple(names))
            module, names = str(instruction.argval), []
        elif instruction.opname == "IMPORT_FROM":
            names.append(str(instruction.argval))
    if module:
        yield Import(module, tuple(names))


def _problem(error: BaseException | None) -> str:
    return "it cannot be imported" if error is None else f"{type(error).__name__}: {error}"
