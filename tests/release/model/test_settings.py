"""Settings: read as a whole, or refused with a sentence that names the setting."""

from __future__ import annotations

from pathlib import Path

import pytest

from release.model import settings
from release.model.errors import UsageError


def test_the_settings_of_this_repository_can_be_read() -> None:
    ours = settings.read()
    assert ours.tag.branch == "main"
    assert ours.tag.required_checks is None
    # Releases are kept for six months, and no six months are longer than this.
    assert ours.purge.after_days >= 184


def changed(tmp_path: Path, old: str, new: str) -> Path:
    text = settings.DEFAULT.read_text()
    assert old in text
    path = tmp_path / "settings.toml"
    path.write_text(text.replace(old, new))
    return path


def test_checks_can_be_named(tmp_path: Path) -> None:
    path = changed(tmp_path, '# required_checks = ["ci"]', 'required_checks = ["ci", "lint"]')
    assert settings.read(path).tag.required_checks == ("ci", "lint")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("uploads = 4", "uploads = 0", "publish.uploads must be a positive integer, not 0"),
        ("uploads = 4", "uploads = true", "publish.uploads must be a positive integer"),
        (
            "uploads = 4",
            "upload = 4",
            "publish.upload: unknown setting; expected one of publish.uploads",
        ),
        ('branch = "main"', "branch = 3", "tag.branch must be a non-empty string, not 3"),
        ("pinned = []", "pinned = [1]", "purge.pinned must be a list of strings"),
        ("keep_last = 30", "", "purge.keep_last is missing"),
        (
            "[purge]",
            "[purges]",
            "purges: unknown setting; expected one of tag, publish, promote, purge, doctor",
        ),
        ("[tag]", "[tag", "not TOML"),
    ],
)
def test_an_invalid_setting_is_reported(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = changed(tmp_path, old, new)
    with pytest.raises(UsageError) as error:
        settings.read(path)
    assert str(error.value).startswith(f"{path}: {message}")


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.toml: cannot read the settings"):
        settings.read(tmp_path / "none.toml")
