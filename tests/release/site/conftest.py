"""The product of the small releases."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.release.products import declare
from tests.release.publish.samples import sample_product


@pytest.fixture(autouse=True)
def products(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The product, as the build declares it."""
    monkeypatch.setenv("PRODUCTS", declare(tmp_path / "products", sample_product()))
