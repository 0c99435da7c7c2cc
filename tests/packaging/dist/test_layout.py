"""The rules of a layout: which paths match a pattern, and where links point."""

from __future__ import annotations

import pytest

from builder.assembly import layout
from builder.assembly.errors import UsageError
from builder.assembly.layout import Rule


@pytest.mark.parametrize(
    ("path", "pattern", "matches"),
    [
        ("pkg/libs/iree-compile", "pkg/libs/iree-*", True),
        ("pkg/libs/iree-compile", "pkg/*/iree-compile", True),
        ("pkg/libs/iree_platform_libs", "pkg/libs/iree-*", False),
        ("pkg/libs/iree-x/y", "pkg/libs/iree-*", False),
        ("pkg/libs/sub/file", "pkg/libs/*", False),
        ("libs/iree-compile", "pkg/libs/iree-*", False),
        ("pkg/libs/IREE-compile", "pkg/libs/iree-*", False),
        ("pkg/libs/libz-1.so.1.4.4", "pkg/libs/libz-*", True),
    ],
)
def test_a_star_matches_within_one_path_segment(path: str, pattern: str, matches: bool) -> None:
    assert layout.matches(path, pattern) is matches


@pytest.mark.parametrize(
    ("to", "link_from", "target"),
    [
        ("lib", "bin", "../lib/tool"),
        ("lib/iree/tracy", "bin", "../lib/iree/tracy/tool"),
        ("lib", "share/iree/bin", "../../../lib/tool"),
    ],
)
def test_a_link_points_from_its_directory_to_the_file(to: str, link_from: str, target: str) -> None:
    rule = Rule(payload="p", pattern="*", to=to, link_from=link_from)

    assert rule.link_target("tool") == target


@pytest.mark.parametrize(
    "data",
    [{"payload": "p", "pattern": "*"}, {"payload": "p", "pattern": "*", "to": "", "extra": ""}],
)
def test_a_rule_with_missing_or_unknown_keys_is_refused(data: dict[str, str]) -> None:
    with pytest.raises(UsageError, match=r"^layout\.bzl: invalid rule of a dist layout"):
        layout.rule(data, "layout.bzl")
