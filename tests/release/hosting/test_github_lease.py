"""Tests of the lease on GitHub: who holds it, and when it ends."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from release.hosting import github_lease as lease
from release.hosting.github_client import Client
from release.hosting.github_lease import Holder
from release.hosting.retry import RetryPolicy
from release.hosting.store import Busy
from release.model.errors import RemoteError

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


class Draft:
    """A fake draft release with assets."""

    def __init__(self) -> None:
        self.assets: list[Any] = []

    def get_assets(self) -> list[Any]:
        return list(self.assets)

    def upload_asset_from_memory(self, _: object, __: int, name: str, label: str) -> Any:
        asset = SimpleNamespace(name=name, label=label, id=len(self.assets) + 1)
        asset.delete_asset = lambda: self.assets.remove(asset)
        self.assets.append(asset)
        return asset


@pytest.fixture
def draft() -> Draft:
    return Draft()


def hold(draft: Draft, now: datetime = NOW) -> Any:
    client = Client("octo/iree", "token", None, RetryPolicy(1, 0))
    client._threads.repository = object()
    return lease.hold(client, lambda _: draft, "lock", "tag", now=lambda: now)  # type: ignore[arg-type, return-value]


def held_by(draft: Draft, holder: Holder, until: datetime) -> None:
    draft.upload_asset_from_memory(None, 0, "lock", holder.label(until))


def test_the_asset_exists_only_while_the_lease_is_held(draft: Draft) -> None:
    with hold(draft):
        (asset,) = draft.assets
        assert f"process {os.getpid()} begun " in asset.label
    assert draft.assets == []


def test_it_is_released_after_an_exception(draft: Draft) -> None:
    with pytest.raises(ValueError, match="wrong"), hold(draft):
        raise ValueError("wrong")
    assert draft.assets == []


def test_a_holder_on_another_machine_is_reported_with_its_expiry_time(draft: Draft) -> None:
    held_by(draft, Holder("other", 7, 1), NOW + timedelta(minutes=9))
    with pytest.raises(Busy, match=r"process 7 on other is working on it until at least 12:09"):
        hold(draft).__enter__()
    assert len(draft.assets) == 1


def test_an_expired_lease_of_another_machine_ends(draft: Draft) -> None:
    """Catches: a lost machine that blocks all further releases."""
    held_by(draft, Holder("other", 7, 1), NOW - timedelta(seconds=1))
    with hold(draft):
        assert len(draft.assets) == 1


def test_a_reused_process_id_is_not_mistaken_for_the_holder(draft: Draft) -> None:
    own = Holder.this_process()
    held_by(draft, Holder(own.host, own.pid, own.started - 1), NOW + timedelta(minutes=9))
    with hold(draft):
        assert len(draft.assets) == 1


@pytest.mark.parametrize("label", ["", "something else", "a process 1 begun 1 until never"])
def test_a_lease_without_a_valid_label_is_ignored(draft: Draft, label: str) -> None:
    draft.upload_asset_from_memory(None, 0, "lock", label)
    with hold(draft):
        assert len(draft.assets) == 1


def test_a_removed_lease_is_detected(draft: Draft, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: two processes that both publish because one was suspended for an hour."""
    monkeypatch.setattr(lease, "RENEWAL_INTERVAL", 0.01)

    def gone(self: Client, what: str, do: object) -> Any:
        if what.startswith("renewing"):
            from release.hosting.github_client import NotFound

            lost.append(what)
            raise NotFound("gone")
        return call(self, what, do)  # type: ignore[arg-type]

    lost: list[str] = []
    call = Client.call
    monkeypatch.setattr(Client, "call", gone)
    with pytest.raises(RemoteError, match="another process removed the lease"), hold(draft):
        while not lost:
            pass
