"""The committed data: the matrix matches the policy, and data does not contradict itself."""

import json

import pytest

from platforms import data, policy

DATA = data.load()


def test_the_matrix_matches_the_policy_on_its_date() -> None:
    found = policy.differences(DATA.matrix, policy.due(DATA.matrix_date, DATA))
    assert not found, "\n".join(
        f"Does not match the policy on {DATA.matrix_date}: {difference.fix}" for difference in found
    )


def test_a_wrong_line_is_named_with_its_replacement() -> None:
    (found,) = policy.differences(
        {"linux_x86_64": ("3.14",), "windows_x86_64": ("3.13", "3.14")},
        {"linux_x86_64": ("3.14",), "windows_x86_64": ("3.14", "3.15")},
    )
    assert found.fix == (
        "platforms/matrix.bzl: change the line of windows_x86_64 to "
        '"windows_x86_64": ["3.14", "3.15"],'
    )


def test_a_platform_without_a_line_is_named() -> None:
    (found,) = policy.differences({}, {"linux_riscv64": ("3.15",)})
    assert found.fix == ('platforms/matrix.bzl: add to MATRIX the line "linux_riscv64": ["3.15"],')


def test_a_line_without_a_platform_is_named() -> None:
    (found,) = policy.differences({"linux_mips": ("3.15",)}, {})
    assert found.fix == "platforms/matrix.bzl: remove the line of linux_mips"


def test_pythons_are_listed_oldest_first_and_end_in_that_order() -> None:
    for earlier, later in zip(DATA.pythons, DATA.pythons[1:], strict=False):
        assert earlier.released < later.released < earlier.end_of_life < later.end_of_life


def test_wheel_tags_match_the_constraints() -> None:
    # A wheel must not claim to run on an older glibc or macOS than its platform.
    for platform in DATA.platforms:
        for constraint in (platform.libc, platform.minimum_os):
            number = constraint.partition("_")[2].replace(".", "_") if constraint else ""
            assert all(number in tag for tag in platform.wheel_tags), platform


def test_no_two_platforms_share_a_name_a_tag_or_a_suffix() -> None:
    tags = [tag for platform in DATA.platforms for tag in platform.wheel_tags]
    assert len(tags) == len(set(tags))
    for names in (
        [platform.name for platform in DATA.platforms],
        [platform.dist_suffix for platform in DATA.platforms],
    ):
        assert len(names) == len(set(names))


def test_an_unknown_set_of_pythons_is_refused() -> None:
    platform = {"name": "linux_mips", "pythons": "all"}
    text = json.dumps({"platforms": [platform]})
    with pytest.raises(ValueError, match=r'linux_mips has pythons = "all"; expected'):
        data.parse(text)
