"""What a person sees of uploads: bars on a terminal, a line for each file elsewhere."""

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

from release.hosting.store import Placed, Upload
from release.model import terminal

_MIB = 1 << 20


class Uploads:
    """Shows uploads while it is entered; may be told of them by several threads."""

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
        """What is to be told of the bytes of one file."""
        task = self._bars.add_task(content.name, total=content.size)
        self._each[content.name] = task

        def sent(count: int) -> None:
            self._bars.advance(task, count)
            self._bars.advance(self._all, count)

        return sent

    def done(self, content: Upload, placed: Placed) -> None:
        """A file is there."""
        self._bars.remove_task(self._each.pop(content.name))
        self._done += 1
        terminal.say(
            self._console,
            f"{placed} {content.name} ({content.size / _MIB:.1f} MiB), "
            f"{self._done} of {self._count}",
            "dim",
        )
