"""The front page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from release.hosting.directory_store import DirectoryStore
from release.model.state import RunState
from release.site import chart, site
from tests.release.site.samples import NOW, PRODUCT, publish


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    scratch = tmp_path_factory.mktemp("front")
    store = DirectoryStore(scratch / "store")
    publish(store, scratch, "3.14.0", days=30)
    for number in range(12):
        publish(store, scratch, f"202611{10 + number}.1", days=20 - number, missing=number == 11)
    store.describe("v3.14.0", title="", notes="Pinned: a paper")
    site.write(store, store.root / "site", PRODUCT, now=NOW)
    return (store.root / "site" / "index.html").read_text()


def test_it_loads_nothing_from_other_servers(page: str) -> None:
    """Catches: a page that reports its readers to a font server."""
    assert not re.search(r"""(?:src|href|url)\s*[=(]\s*["']?(?:https?:)?//""", page)
    assert "@import" not in page
    assert "<link" not in page


def test_its_title_is_that_of_the_product(page: str) -> None:
    assert "<title>Sample releases</title>" in page
    assert "<h1>Sample releases</h1>" in page


def test_it_fits_a_phone(page: str) -> None:
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in page
    # Content that is wider than the screen scrolls in a box.
    assert page.count("<table>") + page.count("<svg") == page.count('<div class="wide">')


def test_it_shows_an_install_command_for_the_newest_of_each_kind(page: str) -> None:
    newest = re.findall(r"newest (\w+)</span> <strong>([^<]+)", page)
    assert newest == [("stable", "3.14.0"), ("nightly", "20261121.1")]
    lines = re.findall(r"<code>pip install --find-links .*</span> (.+)</code>", page)
    assert lines == ["iree-runtime==3.14.0", "iree-runtime==20261121.1"]
    assert 'data-here="pip-release-links.html"' in page


def test_the_grid_shows_what_is_built_run_and_missing(page: str) -> None:
    assert (
        '<span class="mark run" title="iree-runtime linux_x86_64 3.14: installed and run">' in page
    )
    assert "iree-tools-tf windows_x86_64 3.14: built, not run: not tried" in page
    assert (
        "iree-runtime windows_x86_64 3.15: missing since 2026-11-20: its payload cannot be fetched"
        in page
    )
    assert "without windows_x86_64" in page


def test_the_grid_tells_what_was_only_installed_from_what_was_run(tmp_path: Path) -> None:
    """Catches: a page that claims that files were run although nothing tested them."""
    store = DirectoryStore(tmp_path / "store")
    publish(store, tmp_path, "20261121.1", run=RunState.INSTALLED)
    site.write(store, tmp_path / "site", PRODUCT, now=NOW)
    page = (tmp_path / "site" / "index.html").read_text()
    title = "iree-runtime linux_x86_64 3.14: installed, not tested"
    assert f'<span class="mark installed" title="{title}">' in page


def test_it_shows_where_native_code_comes_from(page: str) -> None:
    assert "pinned payload of revision 89ece87b8985, not built from this commit" in page


def test_sizes_are_drawn_with_tooltips(page: str) -> None:
    assert page.count("<polyline") == 3
    assert "<title>iree-runtime 20261121.1: 0.0 MiB</title>" in page
    assert 'role="img" aria-label="Sizes of' in page


def test_ten_releases_are_shown_in_detail_and_all_are_listed(page: str) -> None:
    assert page.count("<details") == 10
    assert page.count('<tr><th scope="row">2026') == 12
    assert ", pinned</td>" in page


def test_the_page_of_an_empty_store_says_so(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path / "store")
    site.write(store, tmp_path / "site", PRODUCT, now=NOW)
    page = (tmp_path / "site" / "index.html").read_text()
    assert "Nothing has been published yet." in page
    assert "<svg" not in page


def test_a_chart_has_round_numbers_and_all_points() -> None:
    drawn = chart.draw(["1", "2", "3"], [{"a": 83.6}, {"a": 84.0, "b": 15.0}, {"a": 90.0}])
    assert drawn is not None
    assert [tick.label for tick in drawn.sizes] == ["0", "25", "50", "75", "100"]
    assert [(line.name, len(line.points)) for line in drawn.lines] == [("a", 3), ("b", 1)]
    first, *_, last = drawn.lines[0].points
    assert (round(first.x), round(last.x)) == (drawn.left, drawn.right)
    assert first.y > last.y, "larger is higher"


def test_one_release_makes_no_chart() -> None:
    assert chart.draw(["1"], [{"a": 1.0}]) is None
