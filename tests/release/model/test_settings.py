"""Settings: a file overrides those of a product, or is refused with a sentence that says why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from release.model import settings
from release.model.errors import UsageError
from tests.release.products import SETTINGS


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "settings.toml"
    path.write_text(text)
    return path


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    assert settings.override(SETTINGS, written(tmp_path, "")) == SETTINGS


def test_a_file_changes_only_what_it_names(tmp_path: Path) -> None:
    """Catches: a section of the file that resets the rest of the section to defaults."""
    own = replace(SETTINGS, purge=replace(SETTINGS.purge, keep_last=60, after_days=365))
    path = written(tmp_path, "[purge]\nkeep_last = 5\n[promote]\ninstalled_is_enough = true\n")
    assert settings.override(own, path) == replace(
        own,
        purge=replace(own.purge, keep_last=5),
        promote=replace(own.promote, installed_is_enough=True),
    )


def test_checks_can_be_named(tmp_path: Path) -> None:
    path = written(tmp_path, '[tag]\nrequired_checks = ["ci", "lint"]\n')
    assert settings.override(SETTINGS, path).tag.required_checks == ("ci", "lint")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[publish]\nuploads = 0", "publish.uploads must be a positive integer, not 0"),
        ("[publish]\nuploads = true", "publish.uploads must be a positive integer"),
        (
            "[publish]\nupload = 4",
            "publish.upload: unknown setting; expected one of publish.uploads",
        ),
        ("[tag]\nbranch = 3", "tag.branch must be a non-empty string, not 3"),
        ("[promote]\ninstalled_is_enough = 1", "promote.installed_is_enough must be true or false"),
        ("[purge]\npinned = [1]", "purge.pinned must be a list of strings"),
        ("purge = 3", "purge must be a table, [purge]"),
        (
            "[purges]",
            "purges: unknown setting; expected one of tag, publish, promote, purge, doctor",
        ),
        ("[tag", "not TOML"),
    ],
)
def test_an_invalid_setting_is_reported(tmp_path: Path, text: str, message: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(UsageError) as error:
        settings.override(SETTINGS, path)
    assert str(error.value).startswith(f"{path}: {message}")


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.toml: cannot read the settings"):
        settings.override(SETTINGS, tmp_path / "none.toml")
