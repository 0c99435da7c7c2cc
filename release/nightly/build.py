"""Building a release with Bazel, without the tolerated platforms that cannot be built."""

from __future__ import annotations

import os
import re
import subprocess
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from release.model import plan
from release.model.errors import Refused, UsageError
from release.model.plan import Plan

# The messages of `fail()` in a rule, and of any other error.
_REFUSAL = re.compile(r"Error in fail: (.+)")
_ERROR = re.compile(r"ERROR: (?:\S+:\d+:\d+: )?(.+)")
_KEPT_LINES = 400


@dataclass(frozen=True, slots=True)
class Built:
    """A release that was built."""

    directory: Path
    """Holds the plan, the manifest, wheelhouse/ and dists/."""
    unbuilt: Mapping[str, str] = field(default_factory=dict)
    """Tolerated platforms that could not be built, with a sentence that says why."""


class BuildError(Exception):
    """A Bazel build failed; the message is Bazel's."""


class Workspace:
    """A checkout of this repository that Bazel builds in."""

    def __init__(
        self, path: Path, package: str, *, progress: Callable[[str], None] = lambda _: None
    ) -> None:
        """A workspace.

        Args:
          path: its directory.
          package: the Bazel package that declares the product, such as //products/NAME.
          progress: is called with each line that Bazel prints.

        Raises:
          UsageError: the directory has no bazelw.
        """
        self.path = path
        self._package = package
        self._progress = progress
        if not (path / "bazelw").is_file():
            raise UsageError(f"{path}: not a checkout of this repository: bazelw does not exist")

    def build(self, version: str) -> Built:
        """Builds all platforms at a version, except tolerated ones that cannot be built.

        Raises:
          Refused: a required platform cannot be built.
        """
        planned = self._plan(version)
        try:
            return Built(self._bazel("all", version))
        except BuildError as error:
            unbuilt = self._tolerated_failures(version, planned)
            if not unbuilt:
                # Each platform builds alone: the failure belongs to none, or was temporary.
                raise Refused(f"{version} could not be built: {error}") from error
        try:
            return Built(self._bazel("all", version, without=tuple(unbuilt)), unbuilt)
        except BuildError as error:
            raise Refused(f"{version} could not be built: {error}") from error

    def _plan(self, version: str) -> Plan:
        try:
            return plan.read(self._bazel("plan", version) / "plan.json")
        except BuildError as error:
            raise Refused(f"{version} cannot be planned: {error}") from error

    def _tolerated_failures(self, version: str, planned: Plan) -> dict[str, str]:
        """The tolerated platforms that cannot be built alone, and why."""
        required = {dist.platform for dist in planned.dists if dist.required}
        required |= {cell.platform for cell in planned.cells if cell.required}
        names = [platform.name for platform in planned.platforms]
        unbuilt = {}
        # Required platforms first: if one fails, the others need not be tried.
        for name in sorted(names, key=lambda name: name not in required):
            others = tuple(other for other in names if other != name)
            try:
                self._bazel("all", version, without=others)
            except BuildError as error:
                if name in required:
                    raise Refused(
                        f"{name} is required and could not be built: {error}; nothing is published"
                    ) from error
                unbuilt[name] = str(error)
        return unbuilt

    def _bazel(self, target: str, version: str, *, without: Sequence[str] = ()) -> Path:
        """Builds a target of the product, and returns the directory of the product's outputs.

        Raises:
          BuildError: it cannot be built.
        """
        flags = [f"--//packaging:version={version}"]
        flags += [f"--//packaging:without={platform}" for platform in without]
        self._run("build", "--color=no", "--curses=no", *flags, f"{self._package}:{target}")
        # The link `bazel-bin` may point at the outputs of another build.
        info = subprocess.run(
            [self.path / "bazelw", "info", *flags, "bazel-bin"],
            cwd=self.path,
            env=_environment(),
            check=True,
            capture_output=True,
            text=True,
        )
        return Path(info.stdout.strip()) / self._package.removeprefix("//")

    def _run(self, *arguments: str) -> None:
        lines: deque[str] = deque(maxlen=_KEPT_LINES)
        with subprocess.Popen(
            [self.path / "bazelw", *arguments],
            cwd=self.path,
            env=_environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        ) as process:
            assert process.stderr
            for line in process.stderr:
                lines.append(line)
                self._progress(line.rstrip())
        if process.returncode:
            raise BuildError(_reason(lines) or f"Bazel exits with {process.returncode}")


def _environment() -> dict[str, str]:
    """The environment of a build, without the variables of `bazel run` and without secrets."""
    hidden = ("BUILD_", "RUNFILES_", "PYTHON")
    secret = ("GITHUB_TOKEN", "TWINE_PASSWORD")
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(hidden) and name not in secret
    }


def _reason(lines: Sequence[str]) -> str | None:
    """Why the build failed, from Bazel's output; None if no line says so."""
    for pattern in (_REFUSAL, _ERROR):
        for line in lines:
            if match := pattern.search(line):
                return match[1].strip().rstrip(".")
    return None
