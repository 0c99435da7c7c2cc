"""The rules of a layout: which paths fit a pattern, and where links lead."""

from __future__ import annotations

import pytest

from assembly import layout
from assembly.errors import UsageError
from assembly.layout import Rule


@pytest.mark.parametrize(
    ("path", "pattern", "fits"),
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
def test_a_star_stands_for_any_part_of_one_name(path: str, pattern: str, fits: bool) -> None:
    assert layout.matches(path, pattern) is fits


@pytest.mark.parametrize(
    ("to", "link_from", "target"),
    [
        ("lib", "bin", "../lib/tool"),
        ("lib/iree/tracy", "bin", "../lib/iree/tracy/tool"),
        ("lib", "share/iree/bin", "../../../lib/tool"),
    ],
)
def test_a_link_leads_from_its_directory_to_the_file(to: str, link_from: str, target: str) -> None:
    rule = Rule(payload="p", select="*", to=to, link_from=link_from)

    assert rule.link_target("tool") == target


@pytest.mark.parametrize(
    "data", [{"payload": "p", "select": "*"}, {"payload": "p", "select": "*", "to": "", "too": ""}]
)
def test_a_rule_with_a_wrong_key_is_refused(data: dict[str, str]) -> None:
    with pytest.raises(UsageError, match=r"^layout\.bzl: not a rule of a dist's layout"):
        layout.rule(data, "layout.bzl")
