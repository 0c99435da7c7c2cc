"""A prefix is created atomically and is self-contained."""

import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.toolchains.debian_archive import DebianArchive, Link, require_debian_tools
from toolchains.debian import prefix
from toolchains.debian.errors import UnavailableError


def filling(content: str) -> Callable[[Path], None]:
    def fill(directory: Path) -> None:
        (directory / "file").write_text(content)

    return fill


def names_in(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_a_prefix_is_filled_once(tmp_path: Path) -> None:
    prefix.publish(tmp_path / "prefixes/a", filling("first"))
    prefix.publish(tmp_path / "prefixes/a", filling("second"))

    assert (tmp_path / "prefixes/a/file").read_text() == "first"
    assert names_in(tmp_path / "prefixes") == ["a"]


def test_a_failed_prefix_leaves_no_files(tmp_path: Path) -> None:
    def fill(directory: Path) -> None:
        (directory / "half").touch()
        raise UnavailableError("no such package")

    with pytest.raises(UnavailableError, match="no such package"):
        prefix.publish(tmp_path / "a", fill)

    assert names_in(tmp_path) == []


def test_the_files_of_a_killed_process_are_removed(tmp_path: Path) -> None:
    half_filled = tmp_path / ".staging-of-a-killed-process/prefix"
    half_filled.mkdir(parents=True)
    (half_filled / "half").touch()

    prefix.publish(tmp_path / "a", filling("whole"))

    assert names_in(tmp_path) == ["a"]


def test_a_second_process_waits_for_the_first(tmp_path: Path) -> None:
    # The lock is between processes, so the first holder must be another process.
    first = textwrap.dedent("""
        import sys
        from pathlib import Path
        sys.path[:0] = sys.argv[2:]
        from toolchains.debian import prefix

        def fill(directory):
            print("filling", flush=True)
            sys.stdin.readline()
            (directory / "file").write_text("by the first")

        prefix.publish(Path(sys.argv[1]), fill)
    """)
    command = [sys.executable, "-c", first, str(tmp_path / "a"), *sys.path]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "filling\n"

        release = process.stdin

        def waiting() -> None:
            release.write("go on\n")
            release.flush()

        prefix.publish(tmp_path / "a", filling("by the second"), waiting)

    assert (tmp_path / "a/file").read_text() == "by the first"


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(UnavailableError, match=r"file/a cannot be created .*IREE_RELEASE_CACHE"):
        prefix.publish(tmp_path / "file/a", filling("never"))


def test_the_location_depends_on_the_recipe_and_the_directory(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe"
    recipe.mkdir()
    (recipe / "steps.py").write_text("unpack()")
    here = prefix.location(tmp_path / "here", "1.0", [recipe])

    assert here == prefix.location(tmp_path / "here", "1.0", [recipe])
    assert here.name != prefix.location(tmp_path / "elsewhere", "1.0", [recipe]).name

    (recipe / "steps.py").write_text("unpack(); patch()")
    assert here != prefix.location(tmp_path / "here", "1.0", [recipe])


def test_packages_are_unpacked_into_one_tree(tmp_path: Path) -> None:
    require_debian_tools()
    debian = DebianArchive(tmp_path / "archive")
    packages = [
        debian.add("tool", "1", {"usr/bin/tool": "tool", "usr/share/doc/tool/copyright": "mine"}),
        debian.add("library", "1", {"usr/lib/library.so": "library"}),
    ]
    directory = tmp_path / "prefix"
    directory.mkdir()

    prefix.unpack(packages, directory)

    assert (directory / "usr/bin/tool").read_text() == "tool"
    assert (directory / "usr/lib/library.so").read_text() == "library"
    assert not (directory / "usr/share/doc").exists()


def test_a_damaged_package_is_named(tmp_path: Path) -> None:
    require_debian_tools()
    (tmp_path / "tool_1_all.deb").write_bytes(b"!<arch>\nnot quite")

    with pytest.raises(UnavailableError, match=r"^tool_1_all\.deb cannot be unpacked: "):
        prefix.unpack([tmp_path / "tool_1_all.deb"], tmp_path)


def test_absolute_links_are_redirected_into_the_prefix(tmp_path: Path) -> None:
    staging = tmp_path / "staging"
    (staging / "etc/java").mkdir(parents=True)
    (staging / "etc/java/net.properties").write_text("ours")
    (staging / "usr/lib/jvm/conf").mkdir(parents=True)
    links = {
        "usr/lib/jvm/conf/net.properties": "/etc/java/net.properties",
        "usr/lib/jvm/etc": "/etc/java",
        "usr/lib/sibling": "jvm/conf",
    }
    for link, target in links.items():
        (staging / link).symlink_to(target)

    prefix.relink(staging)
    moved = staging.rename(tmp_path / "prefix")

    for link in ("usr/lib/jvm/conf/net.properties", "usr/lib/jvm/etc/net.properties"):
        assert (moved / link).read_text() == "ours"
    assert (moved / "usr/lib/sibling").readlink() == Path("jvm/conf")


def test_programs_are_patched_for_their_final_path(tmp_path: Path) -> None:
    require_debian_tools()
    debian = DebianArchive(tmp_path / "archive")
    staging, home, log = tmp_path / "staging", tmp_path / "home", tmp_path / "log"
    system = f"usr/lib/{debian.machine.multiarch}"
    staging.mkdir()
    prefix.unpack([*fake_patchelf(debian, log)], staging)

    prefix.patch_programs(["usr/bin/tool"], staging, home, debian.machine, ["usr/lib/own"])

    program = staging / "usr/bin/tool"
    assert log.read_text().splitlines() == [
        f"--force-rpath --set-rpath {home}/usr/lib/own:{home}/{system} {program}",
        f"--set-interpreter {home}/{system}/{debian.machine.loader} {program}",
    ]


def test_a_program_that_cannot_be_patched_is_named(tmp_path: Path) -> None:
    require_debian_tools()
    debian = DebianArchive(tmp_path / "archive")
    directory = tmp_path / "prefix"
    directory.mkdir()
    prefix.unpack([*fake_patchelf(debian, tmp_path / "absent/log")], directory)

    with pytest.raises(UnavailableError, match=r"^usr/bin/tool in \S+ cannot be patched: "):
        prefix.patch_programs(["usr/bin/tool"], directory, directory, debian.machine)


def fake_patchelf(debian: DebianArchive, log: Path) -> list[Path]:
    """Packages with a loader that runs its arguments, and a patchelf that logs its arguments."""
    system = f"usr/lib/{debian.machine.multiarch}"
    return [
        debian.add("libc6", "2", {f"{system}/real": '#!/bin/sh\nshift 2\nexec "$@"\n',
                                  f"{system}/{debian.machine.loader}": Link("real")}),
        debian.add("patchelf", "1", {"usr/bin/patchelf": f'#!/bin/sh\necho "$@" >>{log}\n'}),
    ]  # fmt: skip
