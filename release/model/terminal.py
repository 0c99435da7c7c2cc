"""What programs tell a person while they work."""

from __future__ import annotations

from rich.console import Console


def say(console: Console, line: str, style: str = "") -> None:
    """Prints a line as it is: what is in it is neither markup nor wrapped, so that it can be found.

    Args:
      console: where.
      line: the line.
      style: dim for what is only told, yellow for what one should look at, red for what is wrong.
    """
    console.print(line, style=style, highlight=False, markup=False, soft_wrap=True)
