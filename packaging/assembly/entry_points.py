"""Entry points of a wheel (PyPA specification "Entry points"): each must lead somewhere."""

from __future__ import annotations

import configparser
import symtable
from collections.abc import Callable, Set

from assembly.errors import PackagingError


def check(text: str, paths: Set[str], read: Callable[[str], bytes]) -> None:
    """Refuses an entry point whose module or object is not in the wheel.

    Args:
      text: content of entry_points.txt.
      paths: the wheel's files.
      read: gives the content of one of them.

    Raises:
      PackagingError: the text cannot be read, or names what is not there.
    """
    parser = _parse(text)
    for section in parser.sections():
        for name, target in parser.items(section):
            module, _, attribute = target.split("[")[0].strip().partition(":")
            stem = module.strip().replace(".", "/")
            found = {f"{stem}.py", f"{stem}/__init__.py"} & paths
            if not found or attribute.strip().split(".")[0] not in _names(read(found.pop())):
                raise PackagingError(
                    f"the entry point {name} names {target}, which the payload does not hold"
                )


def without_scripts(text: str, names: Set[str]) -> tuple[frozenset[str], str]:
    """Takes console scripts out of entry points.

    Args:
      text: content of entry_points.txt.
      names: the scripts to take out, where they are there.

    Returns:
      Which of them were there, and the text without them; "" when nothing is left.

    Raises:
      PackagingError: the text cannot be read.
    """
    parser = _parse(text)
    group = "console_scripts"
    taken = frozenset(
        name for name in names if parser.has_section(group) and parser.remove_option(group, name)
    )
    sections = [
        f"[{section}]\n" + "".join(f"{name} = {target}\n" for name, target in points)
        for section in parser.sections()
        if (points := parser.items(section))
    ]
    return taken, "\n".join(sections)


def _parse(text: str) -> configparser.ConfigParser:
    # Without interpolation: a % is nothing special here.
    parser = configparser.ConfigParser(delimiters=("=",), strict=True, interpolation=None)
    parser.optionxform = str  # type: ignore[method-assign,assignment] # names keep their case
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise PackagingError(f"entry_points.txt: {error}") from error
    return parser


def _names(source: bytes) -> set[str]:
    """What a module defines or imports at its top; nothing when it is not Python."""
    try:
        symbols = symtable.symtable(source.decode(), "", "exec").get_symbols()
    except (SyntaxError, ValueError):
        return set()
    return {symbol.get_name() for symbol in symbols if symbol.is_assigned() or symbol.is_imported()}
