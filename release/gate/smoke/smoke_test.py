"""One smoke test: named steps, of which the first that fails ends it."""

from __future__ import annotations

import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from release.gate.smoke.errors import NotRunError, SmokeTestError
from release.model.outcome import Outcome
from release.model.state import RunState

# Our own failures, and what the standard library raises on broken files.
_FAILURES = (
    SmokeTestError,
    OSError,
    ValueError,
    LookupError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
)


@dataclass(frozen=True, slots=True)
class SmokeTest:
    """What is known of an outcome before the test runs; the fields are those of `Outcome`."""

    platform: str
    kind: Literal["python", "tools", "dist", "container"]
    python: str | None
    engine: str
    files: tuple[str, ...]

    def run(self, steps: Callable[[], str], success: RunState = RunState.PASSED) -> Outcome:
        """Runs the test.

        Args:
          steps: runs all steps and returns what was done, in a few words. SmokeTestError, and what
            the standard library raises on broken files, become a failed outcome; NotRunError
            becomes "not run".
          success: the status of the outcome when all steps succeed.
        """
        start = time.monotonic()
        status = success
        try:
            detail = steps()
        except NotRunError as error:
            status, detail = RunState.NOT_RUN, str(error)
        except _FAILURES as error:
            status, detail = RunState.FAILED, str(error) or type(error).__name__
        return self._outcome(status, detail, time.monotonic() - start)

    def not_run(self, reason: str) -> Outcome:
        """An outcome with the reason, which is half a sentence."""
        return self._outcome(RunState.NOT_RUN, reason, 0.0)

    def _outcome(self, status: RunState, detail: str, seconds: float) -> Outcome:
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
    """Prefixes a failure of the block with the name of the step.

    Raises:
      SmokeTestError: the block failed.
    """
    try:
        yield
    except _FAILURES as error:
        raise SmokeTestError(f"{name}: {str(error) or type(error).__name__}") from error
