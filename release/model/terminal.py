"""Progress messages of the commands."""

from __future__ import annotations

from rich.console import Console


def say(console: Console, line: str, style: str = "") -> None:
    """Prints a line unchanged: without markup and line breaks, so that logs can be searched.

    Args:
      console: the console.
      line: the line.
      style: dim for progress, yellow for warnings, red for errors.
    """
    console.print(line, style=style, highlight=False, markup=False, soft_wrap=True)
