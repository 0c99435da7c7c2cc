"""Tests of the version of a turbine release."""

from __future__ import annotations

from datetime import date

import pytest
from packaging.version import Version

from release.model.errors import UsageError
from release.turbine.naming import turbine_version

TODAY = date(2026, 11, 25)


@pytest.mark.parametrize(
    ("core", "pre", "post", "version"),
    [
        ("2.3.0", "", "", "2.3.0"),
        ("2.3.0", "rcYYYYMMDD", "", "2.3.0rc20261125"),
        ("2.3.0", "rc20240901", "", "2.3.0rc20240901"),
        ("2.3.0", "devYYYYMMDD", "", "2.3.0.dev20261125"),
        ("2.3.0", ".devYYYYMMDD", "", "2.3.0.dev20261125"),
        ("2.3.0", "", "1", "2.3.0.post1"),
        ("2.3.0", "", "post2", "2.3.0.post2"),
        ("2.3.0", "rcYYYYMMDD", ".post3", "2.3.0rc20261125.post3"),
    ],
)
def test_the_version_is_composed_of_its_parts(core: str, pre: str, post: str, version: str) -> None:
    composed = turbine_version(core, pre=pre, post=post, today=TODAY)
    assert composed == version
    assert str(Version(composed)) == composed, "must be canonical, as in file names"


@pytest.mark.parametrize(
    ("core", "pre", "post", "named"),
    [
        ("2.3.0rc1", "", "", "--core-version 2.3.0rc1"),
        ("2.3.0.post1", "", "", "--core-version 2.3.0.post1"),
        ("2.3", "", "x", "--core-post-version x"),
        ("02.3.0", "", "", "02.3.0"),
        ("2.3.0", "rc", "", "--core-pre-version rc"),
        ("2.3.0", "YYYYMMDD", "", "--core-pre-version YYYYMMDD"),
        ("2.3.0", "rcYYYY", "", "--core-pre-version rcYYYY"),
        ("20261122.1", "", "", "--core-version 20261122.1"),
    ],
)
def test_an_invalid_part_is_reported_with_its_option(
    core: str, pre: str, post: str, named: str
) -> None:
    with pytest.raises(UsageError) as refused:
        turbine_version(core, pre=pre, post=post, today=TODAY)
    assert str(refused.value).startswith(named)
