"""Settings: read whole, or refused with a sentence that names the line to mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from release.model import settings
from release.model.errors import UsageError


def test_the_settings_of_this_repository_can_be_read() -> None:
    ours = settings.read()
    assert ours.tag.branch == "main"
    assert ours.tag.required_checks is None
    # Six months are the promise; every stretch of six months is shorter than this.
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
        ("uploads = 4", "uploads = 0", "publish.uploads must be a whole number above 0, and is 0"),
        ("uploads = 4", "uploads = true", "publish.uploads must be a whole number above 0"),
        ("uploads = 4", "upload = 4", "publish.upload is no setting; there are publish.uploads"),
        ('branch = "main"', "branch = 3", "tag.branch must be a text, and is 3"),
        ("pinned = []", "pinned = [1]", "purge.pinned must be a list of texts"),
        ("keep_last = 30", "", "purge.keep_last is not given"),
        (
            "[purge]",
            "[purges]",
            "purges is no setting; there are tag, publish, promote, purge, doctor",
        ),
        ("[tag]", "[tag", "not TOML"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = changed(tmp_path, old, new)
    with pytest.raises(UsageError) as error:
        settings.read(path)
    assert str(error.value).startswith(f"{path}: {message}")


def test_settings_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.toml: the settings cannot be read"):
        settings.read(tmp_path / "none.toml")
