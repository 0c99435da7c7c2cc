"""One attempt to use a set of files: named steps, of which the first that fails ends it."""

from __future__ import annotations

import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from release.gate.smoke.process import SmokeTestError
from release.model.outcome import Outcome, Status

# What reading files raises that are not what they seem, in the standard library.
_BROKEN = (
    SmokeTestError,
    OSError,
    ValueError,
    LookupError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What an outcome says before anything was tried; the fields are those of `Outcome`."""

    platform: str
    kind: Literal["python", "tools", "dist", "container"]
    python: str | None
    engine: str
    files: tuple[str, ...]

    def run(self, steps: Callable[[], str]) -> Outcome:
        """How it ends.

        Args:
          steps: does all there is to do, and returns what was done, in a few words. SmokeTestError
            and what broken files make the standard library raise become a failed outcome.
        """
        start = time.monotonic()
        status: Status = "passed"
        try:
            detail = steps()
        except _BROKEN as error:
            status, detail = "failed", str(error) or type(error).__name__
        return self._end(status, detail, time.monotonic() - start)

    def not_run(self, why: str) -> Outcome:
        """Says why nothing was tried, as half a sentence."""
        return self._end("not run", why, 0.0)

    def _end(self, status: Status, detail: str, seconds: float) -> Outcome:
        return Outcome(
            platform=self.platform,
            kind=self.kind,
            python=self.python,
            engine=self.engine,
            status=status,
            detail=detail,
            files=self.files,
            seconds=round(seconds, 3),
        )


@contextmanager
def step(name: str) -> Iterator[None]:
    """Puts the name of a step before whatever its block fails with.

    Raises:
      SmokeTestError: the block failed.
    """
    try:
        yield
    except _BROKEN as error:
        raise SmokeTestError(f"{name}: {str(error) or type(error).__name__}") from error
