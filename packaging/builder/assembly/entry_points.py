"""Entry points of a wheel (PyPA specification "Entry points")."""

from __future__ import annotations

import configparser
import symtable
from collections.abc import Callable, Set

from builder.assembly.errors import PackagingError


def check(text: str, paths: Set[str], read: Callable[[str], bytes]) -> None:
    """Checks that the module and object of each entry point exist in the wheel.

    Args:
      text: content of entry_points.txt.
      paths: the wheel's files.
      read: returns the content of one of them.

    Raises:
      PackagingError: the text cannot be parsed, or names something that does not exist.
    """
    parser = _parse(text)
    for section in parser.sections():
        for name, target in parser.items(section):
            module, _, attribute = target.split("[")[0].strip().partition(":")
            stem = module.strip().replace(".", "/")
            found = {f"{stem}.py", f"{stem}/__init__.py"} & paths
            if not found or attribute.strip().split(".")[0] not in _names(read(found.pop())):
                raise PackagingError(
                    f"the entry point {name} refers to {target}, which the payload lacks"
                )


def without_scripts(text: str, names: Set[str]) -> tuple[frozenset[str], str]:
    """Removes console scripts from entry points.

    Args:
      text: content of entry_points.txt.
      names: the scripts to remove; they need not exist.

    Returns:
      The scripts that were removed, and the remaining text, or "" if nothing remains.

    Raises:
      PackagingError: the text cannot be parsed.
    """
    parser = _parse(text)
    group = "console_scripts"
    removed = frozenset(
        name for name in names if parser.has_section(group) and parser.remove_option(group, name)
    )
    sections = [
        f"[{section}]\n" + "".join(f"{name} = {target}\n" for name, target in points)
        for section in parser.sections()
        if (points := parser.items(section))
    ]
    return removed, "\n".join(sections)


def _parse(text: str) -> configparser.ConfigParser:
    # Without interpolation, because % has no special meaning here.
    parser = configparser.ConfigParser(delimiters=("=",), strict=True, interpolation=None)
    parser.optionxform = str  # type: ignore[method-assign,assignment] # names keep their case
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise PackagingError(f"entry_points.txt: {error}") from error
    return parser


def _names(source: bytes) -> set[str]:
    """Returns what a module defines or imports at top level; nothing if it is not Python."""
    try:
        symbols = symtable.symtable(source.decode(), "", "exec").get_symbols()
    except (SyntaxError, ValueError):
        return set()
    return {symbol.get_name() for symbol in symbols if symbol.is_assigned() or symbol.is_imported()}
