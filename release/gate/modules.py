"""Python modules of a wheel, read but not run: syntax, imports, versions, entry points."""

from __future__ import annotations

import ast
import configparser
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint
from pathlib import PurePosixPath

from release.gate.report import Import
from release.model.finding import Check, Finding

_VERSION_MODULES = frozenset({"version.py", "_version.py"})
_VERSION_NAMES = frozenset({"VERSION", "__version__"})
_NOT_FOUND = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


@dataclass(frozen=True, slots=True)
class Module:
    """What reading a Python file tells."""

    loads: tuple[tuple[str, int], ...] = ()
    """Modules without which it cannot be loaded, with the line of the import."""
    names: frozenset[str] = frozenset()
    """Names it has when it was loaded; `*` where it takes all names of another."""
    version: str | None = None
    """The string that it assigns to VERSION or __version__."""
    broken: str = ""
    """Why it is no Python."""


@lru_cache(maxsize=4096)
def read(source: bytes) -> Module:
    """Reads one file. Wheels for several Pythons hold the same ones, so answers are kept."""
    try:
        with warnings.catch_warnings():
            # A doubtful escape in a string is upstream's business.
            warnings.simplefilter("ignore")
            body = ast.parse(source).body
    except SyntaxError as error:
        return Module(broken=error.msg)
    except (ValueError, RecursionError, MemoryError) as error:
        return Module(broken=str(error) or type(error).__name__)
    return Module(
        loads=tuple(_loaded(body)),
        names=frozenset(_bound(body)),
        version=next(_versions(body), None),
    )


def check_syntax(file: str, modules: Mapping[str, Module]) -> Iterator[Finding]:
    """Every module is Python."""
    for member, module in modules.items():
        if module.broken:
            message = f"it is no Python ({module.broken})"
            yield Finding(file, Check.SYNTAX, message, member=member)


def imports(modules: Mapping[str, Module], files: Set[str]) -> tuple[Import, ...]:
    """What the modules cannot do without, and neither Python nor `files` brings.

    That is what is imported when a module is loaded. An import inside a function, or one whose
    absence is caught, is optional, and so is left to those who call it.

    Args:
      modules: by path.
      files: paths that the wheel installs.
    """
    needed: dict[str, Import] = {}
    for member, module in modules.items():
        for name, line in module.loads:
            if (
                name not in needed
                and name.split(".")[0] not in sys.stdlib_module_names
                and not holds(files, name)
            ):
                needed[name] = Import(name, member, line)
    return tuple(needed.values())


def holds(files: Set[str], module: str) -> bool:
    """Whether a module or a package, with or without __init__.py, is among installed files."""
    path = module.replace(".", "/")
    # A dot ends the name of an extension module too: _runtime.abi3.so.
    return any(name.startswith((f"{path}.", f"{path}/")) for name in files)


def versions(modules: Mapping[str, Module]) -> tuple[tuple[str, str], ...]:
    """The version that each version module states, in the order of `modules`."""
    return tuple(
        (member, module.version)
        for member, module in modules.items()
        if module.version is not None and PurePosixPath(member).name in _VERSION_MODULES
    )


def check_entry_points(file: str, text: bytes, modules: Mapping[str, Module]) -> Iterator[Finding]:
    """Looks for the module and object of each entry point (PyPA specification "Entry points").

    Args:
      file: the wheel's name.
      text: entry_points.txt.
      modules: the wheel's modules, by path.
    """
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[method-assign,assignment] # names keep their case
    try:
        parser.read_string(text.decode())
    except (configparser.Error, UnicodeDecodeError) as error:
        cause = str(error).splitlines()[0]
        yield Finding(file, Check.ENTRY_POINT, f"entry_points.txt cannot be read ({cause})")
        return
    for group in parser.sections():
        for name, value in parser.items(group):
            point = EntryPoint(name, value, group)
            if point.pattern.match(value) is None:
                cause = f"{value!r} is not of the form MODULE:OBJECT"
            else:
                cause = _missing(point, modules)
            if cause:
                yield Finding(
                    file, Check.ENTRY_POINT, f"the entry point {name} leads nowhere: {cause}"
                )


def _missing(point: EntryPoint, modules: Mapping[str, Module]) -> str:
    stem = point.module.replace(".", "/")
    module = modules.get(f"{stem}.py") or modules.get(f"{stem}/__init__.py")
    if module is None:
        return f"the wheel has no module {point.module}"
    if point.attr and not {point.attr.split(".")[0], "*"} & module.names:
        return f"{point.module} has no {point.attr}"
    return ""


def _versions(body: Iterable[ast.stmt]) -> Iterator[str]:
    for statement in body:
        if (
            isinstance(statement, ast.Assign)
            and isinstance(statement.value, ast.Constant)
            and any(isinstance(t, ast.Name) and t.id in _VERSION_NAMES for t in statement.targets)
        ):
            yield str(statement.value.value)


def _loaded(body: Iterable[ast.stmt]) -> Iterator[tuple[str, int]]:
    """Modules imported by statements that run when the module is loaded, with their lines."""
    for statement in body:
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                yield alias.name, statement.lineno
        elif isinstance(statement, ast.ImportFrom):
            if statement.level == 0 and statement.module:
                yield statement.module, statement.lineno
        elif isinstance(statement, ast.Try):
            if not any(map(_catches_absence, statement.handlers)):
                yield from _loaded(statement.body)
            yield from _loaded([*statement.orelse, *statement.finalbody])
        elif isinstance(statement, ast.If):
            if not _is_for_type_checkers(statement.test):
                yield from _loaded(statement.body)
            yield from _loaded(statement.orelse)
        elif isinstance(statement, (ast.With, ast.ClassDef)):
            yield from _loaded(statement.body)


def _catches_absence(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(name, ast.Name) and name.id in _NOT_FOUND for name in caught)


def _is_for_type_checkers(test: ast.expr) -> bool:
    return ast.unparse(test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def _bound(body: Iterable[ast.stmt]) -> Iterator[str]:
    """Names that a module binds when it is loaded; `*` where it takes all names of another."""
    for statement in body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield statement.name
        elif isinstance(statement, (ast.Import, ast.ImportFrom)):
            for alias in statement.names:
                yield alias.asname or alias.name.split(".")[0]
        else:
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    yield node.id
                elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                    yield node.name
                elif isinstance(node, (ast.Import, ast.ImportFrom)):
                    yield from (alias.asname or alias.name for alias in node.names)
