"""Makes a payload from install trees: the output of another builder, or of a build from source.

A tree is a directory or an archive of one. Its root directory contains the files of the future
wheel, as in site-packages. Native files must be for the platform of the payload and, on Linux,
comply with its manylinux policy. Links within the tree are replaced by the files that they point
to, because a wheel has no links. The content of a file decides whether it is executable, because
the modes in a tree depend on how it got here.
"""

from __future__ import annotations

import contextlib
import hashlib
import stat
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from builder.assembly import binary, content, modes, request
from builder.assembly.archive import ArchiveWriter
from builder.assembly.errors import PackagingError, run
from builder.payload import manylinux
from builder.payload import parts as payload_parts
from builder.payload.index import Origin, Source
from builder.payload.parts import File, Target, build_index, by_age, place, write_parts


@dataclass(frozen=True, slots=True)
class Expected:
    """What the trees must contain."""

    kind: str
    """tree or cmake."""
    project: str
    """Name of the project."""
    version: str
    """Its version."""
    revision: str | None
    """The commit that it was built from, if known."""
    root: str
    """The directory of the tree that contains the wheel's files; "" for the whole tree."""
    target: Target
    """What its native files must be for."""
    policy: str | None
    """The manylinux policy that native files must comply with; None on other systems."""
    where: str
    """The file that declares the payload, for messages."""


class InstallTree:
    """An install tree whose files have all been checked."""

    def __init__(
        self, directory: Path, python_tag: str, metadata: Mapping[str, Path], expected: Expected
    ) -> None:
        """Checks the tree in `directory`.

        Args:
          directory: the tree.
          python_tag: the Python tag that it is for.
          metadata: files for .dist-info, by name.
          expected: what it must be.

        Raises:
          PackagingError: the tree is invalid or unexpected; the message names file and cause.
        """
        self.python_tag = python_tag
        self.name = f"the tree of {expected.project} for {python_tag}"
        self._expected = expected
        self._dist_info = f"{expected.project}.dist-info"
        self._paths = dict(self._find(directory)) | {
            f"{self._dist_info}/{name}": path for name, path in metadata.items()
        }
        self.files: Mapping[str, File] = {path: self._check(path) for path in sorted(self._paths)}
        self._check_policy()

    def add_to(self, writer: ArchiveWriter, path: str, *, recompress: bool) -> None:  # noqa: ARG002
        """Compresses a file, because there is no stream to copy."""
        writer.add(path, content.chunks(self._paths[path]), self.files[path].mode)

    def _find(self, directory: Path) -> Iterator[tuple[str, Path]]:
        root = directory / self._expected.root
        if not root.is_dir():
            raise self._error(
                f"no directory {self._expected.root}; the tree contains "
                f"{', '.join(sorted(entry.name for entry in directory.iterdir())) or 'nothing'}"
            )
        top = directory.resolve()
        for path in content.walk(root):
            name = path.relative_to(root).as_posix()
            if not path.exists():
                raise self._error(f"{name} is a dangling link")
            real = path.resolve()
            # Bazel passes files as absolute links; links of a tree are relative.
            if _is_relative_link(path) and not real.is_relative_to(top):
                raise self._error(f"{name} is a link to {real}, outside the tree")
            if path.is_dir():
                continue
            if not path.is_file():
                raise self._error(f"{name} is neither a file nor a directory")
            yield name, real
        if not any(root.iterdir()):
            raise self._error(f"{self._expected.root or 'the tree'} is empty")

    def _check(self, path: str) -> File:
        real = self._paths[path]
        digest, size, header = hashlib.sha256(), 0, b""
        for chunk in content.chunks(real):
            header = header or chunk[: binary.HEADER_BYTES]
            digest.update(chunk)
            size += len(chunk)
        native = binary.identify(header)
        if native is not None and (cause := self._expected.target.mismatch(native)):
            raise self._error(f"{path} {cause}")
        role = payload_parts.role(path, native=native is not None, dist_info=self._dist_info)
        return File(role, digest.hexdigest(), size, modes.of_content(header))

    def _check_policy(self) -> None:
        policy = self._expected.policy
        if policy is None:
            return
        native = {
            path: self._paths[path]
            for path, file in self.files.items()
            if file.role in ("tool", "library", "extension")
        }
        for cause in manylinux.faults(native, policy):
            raise self._error(cause)

    def _error(self, cause: str) -> PackagingError:
        return PackagingError(f"{self._expected.where}: {self.name}: {cause}")


def _is_relative_link(path: Path) -> bool:
    return path.is_symlink() and not path.readlink().is_absolute()


@contextlib.contextmanager
def unpacked(tree: Path, where: str) -> Iterator[Path]:
    """Yields the directory of a tree; an archive is unpacked temporarily.

    Raises:
      PackagingError: the tree is neither a directory nor a readable archive.
    """
    if tree.is_dir():
        yield tree
        return
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch)
        try:
            if zipfile.is_zipfile(tree):
                _unpack_zip(tree, directory)
            else:
                with tarfile.open(tree) as archive:
                    archive.extractall(directory, filter="data")
        except (tarfile.TarError, zipfile.BadZipFile, OSError, EOFError) as error:
            raise PackagingError(
                f"{where}: {tree.name} is neither a directory nor a readable archive ({error})"
            ) from error
        yield directory


def _unpack_zip(tree: Path, directory: Path) -> None:
    with zipfile.ZipFile(tree) as archive:
        for info in archive.infolist():
            if stat.S_ISLNK(info.external_attr >> 16):
                # It would be extracted as a file that contains the path of its target.
                raise zipfile.BadZipFile(f"{info.filename} is a link; use a tar archive")
            archive.extract(info, directory)


def digest_of(sources: Mapping[str, Path]) -> str:
    """Returns the SHA-256 of one file, or of the paths and digests of several files or directories.

    Args:
      sources: files and directories, by paths that do not depend on the configuration (where Bazel
        writes generated files does). Files in a directory are identified by their paths in it.
    """
    if len(sources) == 1 and (only := next(iter(sources.values()))).is_file():
        return content.sha256(only)
    whole = hashlib.sha256()
    for name, source in sorted(sources.items()):
        inside = content.walk(source) if source.is_dir() else [source]
        for path in inside:
            if path.is_file():
                known = path.relative_to(source).as_posix() if source.is_dir() else name
                whole.update(f"{known}\0{content.sha256(path)}\n".encode())
    return whole.hexdigest()


def ingest(
    expected: Expected,
    trees: Mapping[str, Path],
    metadata: Mapping[str, Path],
    sources: Mapping[str, Mapping[str, Path]],
    large: Mapping[str, str],
    parts: Mapping[str, Path],
    index: Path,
) -> None:
    """Makes the parts and the index of a payload from install trees.

    Args:
      expected: what the trees must be.
      trees: the trees by Python tag, oldest Python first.
      metadata: files for .dist-info, by name.
      sources: what the trees were built from, or the trees themselves, by name and then by path as
        in `digest_of`.
      large: names of the parts of large files, by the path of the file.
      parts: where to write each part, by name.
      index: where to write the index.

    Raises:
      PackagingError: a tree is invalid; no index is written.
    """
    with contextlib.ExitStack() as stack:
        checked = [
            InstallTree(
                stack.enter_context(unpacked(tree, expected.where)), tag, metadata, expected
            )
            for tag, tree in trees.items()
        ]
        placements = place(checked, large, expected.where)
        every = chain.from_iterable(placed.values() for placed in placements.values())
        write_parts(every, parts, recompress=False)
    origin = Origin(
        kind=expected.kind,
        project=expected.project,
        version=expected.version,
        revision=expected.revision,
        sources=tuple(Source(name, digest_of(files)) for name, files in sorted(sources.items())),
    )
    index.write_text(build_index(expected.target.platform, origin, placements).to_json())


def main() -> None:
    """Runs the request named on the command line."""
    options = request.from_command_line()
    expected = options["expected"]
    ingest(
        Expected(**{**expected, "target": Target(**expected["target"])}),
        {tag: Path(path) for tag, path in by_age(options["trees"])},
        {name: Path(path) for name, path in options["metadata"].items()},
        {
            name: {known: Path(path) for known, path in files.items()}
            for name, files in options["sources"].items()
        },
        options["large"],
        {name: Path(path) for name, path in options["parts"].items()},
        Path(options["index"]),
    )


if __name__ == "__main__":
    run(main)
