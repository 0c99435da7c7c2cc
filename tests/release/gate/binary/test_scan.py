"""Version stamps and build paths in the content of files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.gate.scan import Scanner, Traces, check_native, check_text
from release.model.finding import Check

# Split, because a test of this repository searches its files for such paths.
HOME = "/" + "home"
USERS = "/" + "Users"
REVISION = b"89ece87b89852100c0a4ac3d515e14842d090967"


def traces(content: bytes, system: str | None = "linux", chunk: int = 1 << 20) -> Traces:
    scanner = Scanner(system)
    for start in range(0, len(content), chunk):
        scanner.feed(content[start : start + chunk])
    return scanner.finish()


@pytest.mark.parametrize(
    ("content", "stamp"),
    [
        (b"\0003.13.0rc20261016\0", "3.13.0rc20261016"),
        (b"\0003.13.0.dev20261016\0", "3.13.0.dev20261016"),
        (b"IREE 20261122.1 @ " + REVISION, "20261122.1"),
        (b"3.13.0rc20261016 @ " + REVISION + b"\0", "3.13.0rc20261016"),
        (b"3.13.0 @ " + REVISION, "3.13.0"),
    ],
)
def test_a_stamp_is_found(content: bytes, stamp: str) -> None:
    assert traces(b"x" * 100 + content + b"y" * 100).stamps == (stamp,)


@pytest.mark.parametrize(
    "content", [b"rc20", b"3.13.0rc2026", b"1.2.3rc202610161", b"3.13.0 @ 89ece87b", b"a @ b @ c"]
)
def test_text_that_only_resembles_a_stamp_is_ignored(content: bytes) -> None:
    assert traces(content).stamps == ()


@pytest.mark.parametrize(
    ("content", "system", "path"),
    [
        (f"\0{HOME}/runner/work/iree/a.c\0", "linux", f"{HOME}/runner/work/iree/a.c"),
        ("\0/__w/iree/a.c\0", "linux", "/__w/iree/a.c"),
        (f"\0{USERS}/runner/a.c\0", "macos", f"{USERS}/runner/a.c"),
        ("\0D:\\a\\iree\\a.c\0", "windows", "D:\\a\\iree\\a.c"),
        (f"ROOT = '{HOME}/me/src'\n", None, f"{HOME}/me/src"),
        ("x C:\\Users\\me\\src\n", None, "C:\\Users\\me\\src"),
    ],
)
def test_a_build_path_is_found(content: str, system: str | None, path: str) -> None:
    assert traces(content.encode(), system).paths == (path,)


@pytest.mark.parametrize(
    "content", [f"https://x.org{HOME}/page", f"~{HOME}/x", f"{HOME}/", f"a{HOME}/b"]
)
def test_other_paths_are_ignored(content: str) -> None:
    assert traces(content.encode(), None).paths == ()


@given(before=st.integers(0, 300), chunk=st.integers(1, 90))
def test_matches_do_not_depend_on_where_chunks_end(before: int, chunk: int) -> None:
    content = (
        b"z" * before
        + b"\0003.13.0rc20261016 @ "
        + REVISION
        + f"\0{HOME}/me/x.c\0".encode()
        + b"z" * 200
    )
    assert traces(content, "linux", chunk) == traces(content)
    assert traces(content).stamps == ("3.13.0rc20261016",)
    assert traces(content).paths == (f"{HOME}/me/x.c",)


STAMPED = Traces(stamps=("3.13.0rc20261016",), paths=(f"{HOME}/runner/x.c",))


def test_another_version_or_a_build_path_in_our_own_code_is_a_fault() -> None:
    """Catches: a promotion that changes only file names."""
    found = [*check_native("a.whl", "iree/tool", STAMPED, "3.13.0", pinned=())]
    assert [(f.check, f.fault) for f in found] == [(Check.STAMP, True), (Check.BUILD_PATH, True)]


def test_traces_in_pinned_payload_are_notes() -> None:
    found = [*check_native("a.whl", "iree/tool", STAMPED, "20261122.1", pinned=("3.13.0",))]
    assert [(f.check, f.fault) for f in found] == [(Check.STAMP, False), (Check.BUILD_PATH, False)]


def test_a_stamp_of_another_release_than_the_pinned_one_is_a_fault() -> None:
    """Catches: one outdated library among pinned ones."""
    found = [*check_native("a.whl", "iree/tool", STAMPED, "20261122.1", pinned=("3.12.0",))]
    assert found[0].fault


def test_the_stamp_of_the_release_passes() -> None:
    assert not [*check_native("a.whl", "t", Traces(stamps=("3.13.0",)), "3.13.0", pinned=())]


def test_a_build_path_in_a_text_file_is_a_fault() -> None:
    (finding,) = check_text("a.whl", "iree/a.py", Traces(paths=(f"{HOME}/me",)))
    assert (finding.check, finding.fault) == (Check.BUILD_PATH, True)


@pytest.mark.parametrize("system", ["linux", None])
def test_the_candidate_that_a_release_was_promoted_from_is_found(system: str | None) -> None:
    """Catches: a stable release whose tools unexpectedly report a nightly version."""
    scanner = Scanner(system, "20261122.1")
    scanner.feed(b"IREE 2026")
    scanner.feed(b"1122.1 and 20261122.10\0" + b"x" * 1000)
    assert scanner.finish().stamps == ("20261122.1",)


def test_a_stamp_of_the_candidate_is_a_note() -> None:
    traces = Traces(stamps=("20261122.1",))
    for found in (
        [*check_native("a.whl", "iree/tool", traces, "3.14.0", (), "20261122.1")],
        [*check_text("a.whl", "iree/README.md", traces, "20261122.1")],
    ):
        (finding,) = found
        assert finding.check is Check.STAMP
        assert finding.message == "still contains the candidate's version, 20261122.1"
        assert not finding.fault
