"""Parses a wheel's Python modules: syntax, imports, versions, entry points. Runs nothing."""

from __future__ import annotations

import ast
import configparser
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint
from pathlib import PurePosixPath

from release.gate.report import Import
from release.model.finding import Check, Finding
from release.model.product import VersionModule

_VERSION_MODULES = frozenset({"version.py", "_version.py"})
_VERSION_NAMES = frozenset({"VERSION", "__version__"})
_IMPORT_ERRORS = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


@dataclass(frozen=True, slots=True)
class Module:
    """A parsed Python file."""

    imports: tuple[tuple[str, int], ...] = ()
    """Modules that it imports unconditionally when loaded, with the line of the import."""
    names: frozenset[str] = frozenset()
    """Names that it defines when loaded; `*` for a star import."""
    constants: tuple[tuple[str, str], ...] = ()
    """Names to which it assigns a constant when loaded, with the constant as text."""
    error: str = ""
    """Why it is not valid Python."""


@lru_cache(maxsize=4096)
def read(source: bytes) -> Module:
    """Parses a file; cached, because wheels for several Pythons contain the same files."""
    try:
        with warnings.catch_warnings():
            # Ignore invalid escapes in upstream's strings.
            warnings.simplefilter("ignore")
            body = ast.parse(source).body
    except SyntaxError as error:
        return Module(error=error.msg)
    except (ValueError, RecursionError, MemoryError) as error:
        return Module(error=str(error) or type(error).__name__)
    return Module(
        imports=tuple(_unconditional_imports(body)),
        names=frozenset(_defined_names(body)),
        constants=tuple(_constants(body).items()),
    )


def check_syntax(file: str, modules: Mapping[str, Module]) -> Iterator[Finding]:
    """Every module is valid Python."""
    for member, module in modules.items():
        if module.error:
            message = f"not valid Python: {module.error}"
            yield Finding(file, Check.SYNTAX, message, member=member)


def imports(modules: Mapping[str, Module], files: Set[str]) -> tuple[Import, ...]:
    """The modules that must be importable from elsewhere: not from Python, and not from `files`.

    Only imports that run when a module is loaded count. An import inside a function, or one whose
    ImportError is caught, is optional.

    Args:
      modules: by path.
      files: paths that the wheel installs.
    """
    needed: dict[str, Import] = {}
    for member, module in modules.items():
        for name, line in module.imports:
            if (
                name not in needed
                and name.split(".")[0] not in sys.stdlib_module_names
                and not provides(files, name)
            ):
                needed[name] = Import(name, member, line)
    return tuple(needed.values())


def provides(files: Set[str], module: str) -> bool:
    """Whether installed files contain a module or a package, with or without __init__.py."""
    path = module.replace(".", "/")
    # The dot matches extension modules too: _runtime.abi3.so.
    return any(name.startswith((f"{path}.", f"{path}/")) for name in files)


def versions(
    modules: Mapping[str, Module], declared: Sequence[VersionModule]
) -> tuple[tuple[str, str], ...]:
    """The versions that version modules declare, in the order of `modules`.

    Besides those that the product declares, these are modules with a usual name. A version that is
    computed when a module is loaded is unknown here; smoke tests check it.

    Args:
      modules: by path.
      declared: the version modules of the package.
    """
    names_of = {one.path: frozenset(one.names) for one in declared}
    found: dict[tuple[str, str], None] = {}
    for member, module in modules.items():
        usual = _VERSION_NAMES if PurePosixPath(member).name in _VERSION_MODULES else frozenset()
        names = names_of.get(member, usual)
        for name, value in module.constants:
            if name in names:
                found[member, value] = None
    return tuple(found)


def check_version_modules(
    file: str, modules: Mapping[str, Module], declared: Sequence[VersionModule]
) -> Iterator[Finding]:
    """The version modules of the package exist, and define their names.

    Args:
      file: the wheel's name.
      modules: the wheel's modules, by path.
      declared: the version modules of the package.
    """
    for one in declared:
        module = modules.get(one.path)
        if module is None:
            yield Finding(
                file,
                Check.WHEEL_VERSION,
                "missing, but the product declares it as a version module",
                member=one.path,
            )
        elif not module.error and "*" not in module.names:
            for name in one.names:
                if name not in module.names:
                    yield Finding(
                        file,
                        Check.WHEEL_VERSION,
                        f"does not define {name}, which the product declares as the version",
                        member=one.path,
                    )


def check_entry_points(file: str, text: bytes, modules: Mapping[str, Module]) -> Iterator[Finding]:
    """Checks that each entry point's module and object exist (PyPA spec "Entry points").

    Args:
      file: the wheel's name.
      text: entry_points.txt.
      modules: the wheel's modules, by path.
    """
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[method-assign,assignment] # names are case-sensitive
    try:
        parser.read_string(text.decode())
    except (configparser.Error, UnicodeDecodeError) as error:
        cause = str(error).splitlines()[0]
        yield Finding(file, Check.ENTRY_POINT, f"entry_points.txt cannot be read ({cause})")
        return
    for group in parser.sections():
        for name, value in parser.items(group):
            entry_point = EntryPoint(name, value, group)
            if entry_point.pattern.match(value) is None:
                cause = f"{value!r} is not of the form MODULE:OBJECT"
            else:
                cause = _missing(entry_point, modules)
            if cause:
                yield Finding(
                    file, Check.ENTRY_POINT, f"the entry point {name} is invalid: {cause}"
                )


def _missing(entry_point: EntryPoint, modules: Mapping[str, Module]) -> str:
    stem = entry_point.module.replace(".", "/")
    module = modules.get(f"{stem}.py") or modules.get(f"{stem}/__init__.py")
    if module is None:
        return f"the wheel has no module {entry_point.module}"
    if entry_point.attr and not {entry_point.attr.split(".")[0], "*"} & module.names:
        return f"{entry_point.module} does not define {entry_point.attr}"
    return ""


def _constants(body: Iterable[ast.stmt]) -> dict[str, str]:
    """The constants that a module assigns to names, also by way of another name."""
    found: dict[str, str] = {}
    for statement in body:
        if isinstance(statement, ast.Assign):
            targets = statement.targets
        elif isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        else:
            continue
        value = statement.value
        for target in targets:
            if isinstance(target, ast.Name):
                if isinstance(value, ast.Constant):
                    found[target.id] = str(value.value)
                elif isinstance(value, ast.Name) and value.id in found:
                    found[target.id] = found[value.id]
                else:
                    found.pop(target.id, None)
    return found


def _unconditional_imports(body: Iterable[ast.stmt]) -> Iterator[tuple[str, int]]:
    """Modules imported by statements that run when the module is loaded, with their lines."""
    for statement in body:
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                yield alias.name, statement.lineno
        elif isinstance(statement, ast.ImportFrom):
            if statement.level == 0 and statement.module:
                yield statement.module, statement.lineno
        elif isinstance(statement, ast.Try):
            if not any(map(_catches_import_error, statement.handlers)):
                yield from _unconditional_imports(statement.body)
            yield from _unconditional_imports([*statement.orelse, *statement.finalbody])
        elif isinstance(statement, ast.If):
            if not _is_type_checking(statement.test):
                yield from _unconditional_imports(statement.body)
            yield from _unconditional_imports(statement.orelse)
        elif isinstance(statement, (ast.With, ast.ClassDef)):
            yield from _unconditional_imports(statement.body)


def _catches_import_error(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(name, ast.Name) and name.id in _IMPORT_ERRORS for name in caught)


def _is_type_checking(test: ast.expr) -> bool:
    return ast.unparse(test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def _defined_names(body: Iterable[ast.stmt]) -> Iterator[str]:
    """Names that a module defines when it is loaded; `*` for a star import."""
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
