"""Takes in install trees: what another builder leaves, or a build from source here.

A tree is a directory or an archive of one; below its root lie the files of the wheel to be, as they
lie in site-packages. Native files must be for the platform the payload claims and, on Linux, need
no library and no version of glibc beyond its manylinux policy. Links inside the tree become the
files that they lead to, since a wheel has no links. A file's content says whether it is executable:
a tree's own modes depend on how it came here.
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

from assembly import binary, content, modes, request
from assembly.archive import ArchiveWriter
from assembly.errors import PackagingError, run
from payload import manylinux
from payload import parts as payload_parts
from payload.index import Origin, Source
from payload.parts import File, Target, build_index, by_age, place, write_parts


@dataclass(frozen=True, slots=True)
class Expected:
    """What the payload says that the trees hold."""

    kind: str
    """tree or cmake."""
    project: str
    """Name of the project."""
    version: str
    """Its version."""
    revision: str | None
    """The commit it was built from, where that is known."""
    root: str
    """The directory of a tree below which the wheel's files lie; "" for all of it."""
    target: Target
    """What its native files are for."""
    policy: str | None
    """The manylinux platform tag that native files must serve; None elsewhere."""
    where: str
    """The file that declares the payload, for messages."""


class InstallTree:
    """An install tree, every file of which has been looked at."""

    def __init__(
        self, directory: Path, python_tag: str, metadata: Mapping[str, Path], expected: Expected
    ) -> None:
        """Looks at the tree in `directory`.

        Args:
          directory: the tree.
          python_tag: the Python tag that it serves.
          metadata: files for .dist-info, by name.
          expected: what it must be.

        Raises:
          PackagingError: it is not; the message names file and cause.
        """
        self.python_tag = python_tag
        self.name = f"the tree of {expected.project} for {python_tag}"
        self._expected = expected
        self._dist_info = f"{expected.project}.dist-info"
        self._paths = dict(self._find(directory)) | {
            f"{self._dist_info}/{name}": path for name, path in metadata.items()
        }
        self.files: Mapping[str, File] = {path: self._look(path) for path in sorted(self._paths)}
        self._check_policy()

    def add_to(self, writer: ArchiveWriter, path: str, *, recompress: bool) -> None:  # noqa: ARG002
        """Compresses a file: there is no stream to copy."""
        writer.add(path, content.chunks(self._paths[path]), self.files[path].mode)

    def _find(self, directory: Path) -> Iterator[tuple[str, Path]]:
        root = directory / self._expected.root
        if not root.is_dir():
            raise self._refuse(
                f"it has no directory {self._expected.root}; it has "
                f"{', '.join(sorted(entry.name for entry in directory.iterdir())) or 'nothing'}"
            )
        top = directory.resolve()
        for path in content.walk(root):
            name = path.relative_to(root).as_posix()
            if not path.exists():
                raise self._refuse(f"{name} is a link to nothing")
            real = path.resolve()
            # An absolute link is how Bazel hands a file over; a tree's own are relative.
            if _is_relative_link(path) and not real.is_relative_to(top):
                raise self._refuse(f"{name} is a link out of the tree, to {real}")
            if path.is_dir():
                continue
            if not path.is_file():
                raise self._refuse(f"{name} is neither a file nor a directory")
            yield name, real
        if not any(root.iterdir()):
            raise self._refuse(f"{self._expected.root or 'it'} is empty")

    def _look(self, path: str) -> File:
        real = self._paths[path]
        digest, size, header = hashlib.sha256(), 0, b""
        for chunk in content.chunks(real):
            header = header or chunk[: binary.HEADER_BYTES]
            digest.update(chunk)
            size += len(chunk)
        native = binary.identify(header)
        if native is not None and (cause := self._expected.target.refusal(native)):
            raise self._refuse(f"{path} {cause}")
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
            raise self._refuse(cause)

    def _refuse(self, cause: str) -> PackagingError:
        return PackagingError(f"{self._expected.where}: {self.name}: {cause}")


def _is_relative_link(path: Path) -> bool:
    return path.is_symlink() and not path.readlink().is_absolute()


@contextlib.contextmanager
def unpacked(tree: Path, where: str) -> Iterator[Path]:
    """The directory of a tree; an archive is unpacked for as long as the block lasts.

    Raises:
      PackagingError: it is neither a directory nor an archive that can be unpacked.
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
                f"{where}: {tree.name} is neither a directory nor an archive that can be unpacked "
                f"({error})"
            ) from error
        yield directory


def _unpack_zip(tree: Path, directory: Path) -> None:
    with zipfile.ZipFile(tree) as archive:
        for info in archive.infolist():
            if stat.S_ISLNK(info.external_attr >> 16):
                # It would become a file that holds the link's target.
                raise zipfile.BadZipFile(f"{info.filename} is a link, which a tar archive may hold")
            archive.extract(info, directory)


def digest_of(sources: Mapping[str, Path]) -> str:
    """sha256 of one file; of several, and of directories, that of their paths and digests.

    Args:
      sources: files and directories by the paths that they are known by, since where Bazel puts one
        that is made depends on the configuration. What is in a directory goes by its path in that.
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


def take_in(
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
      sources: what the trees are made of or, of ready-made ones, the trees; by name, then by path
        as `digest_of` takes them.
      large: part names of the files that get a part of their own, by path.
      parts: where to write each part, by name.
      index: where to write the index.

    Raises:
      PackagingError: a tree was refused; nothing usable is left behind.
    """
    with contextlib.ExitStack() as stack:
        taken = [
            InstallTree(
                stack.enter_context(unpacked(tree, expected.where)), tag, metadata, expected
            )
            for tag, tree in trees.items()
        ]
        placements = place(taken, large, expected.where)
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
    wanted = request.from_command_line()
    expected = wanted["expected"]
    take_in(
        Expected(**{**expected, "target": Target(**expected["target"])}),
        {tag: Path(path) for tag, path in by_age(wanted["trees"])},
        {name: Path(path) for name, path in wanted["metadata"].items()},
        {
            name: {known: Path(path) for known, path in files.items()}
            for name, files in wanted["sources"].items()
        },
        wanted["large"],
        {name: Path(path) for name, path in wanted["parts"].items()},
        Path(wanted["index"]),
    )


if __name__ == "__main__":
    run(main)
