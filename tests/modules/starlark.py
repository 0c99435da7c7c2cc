"""Finds what Starlark files load and export.

Starlark is close enough to Python for Python's parser; a test parses all of our files.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.modules.errors import ModulesError

# Functions of MODULE.bazel that load a symbol from a .bzl file, like load() in other files.
_TAKES_ONE_SYMBOL = ("use_extension", "use_repo_rule")

_LOAD_IN_TEXT = re.compile(r"(?<![\w.])load\((?!\))")


@dataclass(frozen=True, slots=True)
class Load:
    """A symbol that is loaded from a file."""

    line: int
    label: str
    """The file, as written."""
    symbol: str
    """The name that the file exports."""
    local: str
    """The name in the loading file."""


@dataclass(frozen=True, slots=True)
class Text:
    """A string in a Starlark file."""

    line: int
    """The first line of its content."""
    content: str


def parse(source: str, name: str) -> ast.Module:
    """Parses a Starlark file.

    Raises:
      ModulesError: Python's parser cannot read it.
    """
    try:
        with warnings.catch_warnings():
            # Escape sequences that are invalid in Python.
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError) as error:
        raise ModulesError(f"{name} is not Starlark that Python can parse: {error}.") from error


def loads(tree: ast.AST) -> Iterator[Load]:
    """Yields the symbols that a file loads, in the order of the file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            label, *symbols = [_string(argument) for argument in node.args] or [None]
            if label is None:
                continue
            if node.func.id == "load":
                named = [(symbol, symbol) for symbol in symbols]
                named += [(_string(keyword.value), keyword.arg) for keyword in node.keywords]
            elif node.func.id in _TAKES_ONE_SYMBOL:
                named = [(symbol, symbol) for symbol in symbols[:1]]
            else:
                continue
            for symbol, local in named:
                if symbol and local:
                    yield Load(node.lineno, label, symbol, local)


def loads_in_text(text: Text, name: str) -> Iterator[Load]:
    """Yields the symbols that a BUILD file in a string loads.

    Raises:
      ModulesError: a load() in it cannot be read.
    """
    for match in _LOAD_IN_TEXT.finditer(text.content):
        line = text.line + text.content.count("\n", 0, match.start())
        call = text.content[match.start() : text.content.find(")", match.start()) + 1]
        found = tuple(loads(parse(call, f"{name}:{line}: the load() in this string")))
        if not found:
            raise ModulesError(
                f"{name}:{line}: this load() in a string has no literal symbols; write them as "
                "literals."
            )
        for load in found:
            yield Load(line + load.line - 1, load.label, load.symbol, load.local)


def texts(tree: ast.AST, source: str) -> Iterator[Text]:
    """Yields the strings of a file that are not docstrings."""
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    lines = source.splitlines()
    for node in ast.walk(tree):
        if (text := _string(node)) is not None and id(node) not in documentation:
            assert isinstance(node, ast.Constant)
            # The content of such a string starts on the next line.
            continued = lines[node.lineno - 1].endswith('"""\\')
            yield Text(node.lineno + continued, text)


def exports(tree: ast.Module) -> set[str]:
    """The names that another file can load, which exclude loaded names."""
    names: set[str] = set()
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef):
            names.add(statement.name)
        elif isinstance(statement, ast.Assign):
            for target in statement.targets:
                names |= _stored(target)
    return {name for name in names if not name.startswith("_")}


def bound(tree: ast.AST) -> set[str]:
    """All names that a file binds in any scope: functions, arguments, variables, loads."""
    names = {load.local for load in loads(tree)} | _stored(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
    return names


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function by its name."""

    line: int
    first: str
    """The variable that is its first argument; empty for another expression."""
    strings: tuple[str, ...]
    """The positional arguments that are literal strings."""
    keywords: Mapping[str, str]
    """The keyword arguments that are literal strings."""
    result: str
    """The variable that it is assigned to; empty if it is not assigned."""


def calls(tree: ast.AST, function: str) -> Iterator[Call]:
    """Yields all calls of a function in a file."""
    results = {
        id(node.value): node.targets[0].id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=called)) if called == function:
                first = node.args[0] if node.args else None
                named = {keyword.arg: _string(keyword.value) for keyword in node.keywords}
                yield Call(
                    node.lineno,
                    first.id if isinstance(first, ast.Name) else "",
                    tuple(text for value in node.args if (text := _string(value)) is not None),
                    {name: value for name, value in named.items() if name and value is not None},
                    results.get(id(node), ""),
                )


def _stored(tree: ast.AST) -> set[str]:
    return {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def _string(node: ast.AST) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
