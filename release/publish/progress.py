"""Shows the progress of uploads: bars on a terminal, and a line for each file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from release.hosting.store import PutResult, Upload
from release.model import terminal
from release.model.text import mib


class Uploads:
    """A context in which uploads are shown; several threads may report to it."""

    def __init__(self, contents: Sequence[Upload], console: Console) -> None:
        """Shows uploads of `contents` on a console."""
        self._console = console
        self._count = len(contents)
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._all = self._bars.add_task("all", total=sum(content.size for content in contents))
        self._each: dict[str, TaskID] = {}
        self._done = 0

    def __enter__(self) -> Uploads:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def of(self, content: Upload) -> Callable[[int], None]:
        """Returns what to call with the number of bytes sent of one file."""
        task = self._bars.add_task(content.name, total=content.size)
        self._each[content.name] = task

        def sent(count: int) -> None:
            self._bars.advance(task, count)
            self._bars.advance(self._all, count)

        return sent

    def done(self, content: Upload, placed: PutResult) -> None:
        """Reports that a file was uploaded."""
        self._bars.remove_task(self._each.pop(content.name))
        self._done += 1
        terminal.say(
            self._console,
            f"{placed} {content.name} ({mib(content.size)}), {self._done} of {self._count}",
            "dim",
        )
