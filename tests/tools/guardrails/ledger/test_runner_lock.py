"""One process at a time works on the runs: who is there keeps the lease, who is not loses it."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from handwheel.tools.errors import PermitRefused
from handwheel.tools.guardrails.ledger.runner_lock import (
    RUNNER_LOCK_S,
    is_runner_alive,
    release_runner_lock,
    renew_runner_lock,
    take_runner_lock,
)
from handwheel.tools.guardrails.ledger.store.database import Database, LostRace
from handwheel.tools.requests.timestamps import instant_now

from ....sites.authority_site import later


def test_who_is_there_keeps_it_and_who_gives_it_back_does_not(ledger: Database) -> None:
    now = instant_now()
    holder = take_runner_lock(ledger, now)
    assert is_runner_alive(ledger, now)
    with pytest.raises(PermitRefused, match=f"another process works .* pid {os.getpid()}"):
        take_runner_lock(ledger, later(5.0, now=now))
    release_runner_lock(ledger, holder, now)
    assert not is_runner_alive(ledger, now)
    take_runner_lock(ledger, now)
    restarted = replace(now, boot_id="another")  # a restart of the machine ends it
    assert not is_runner_alive(ledger, restarted)
    take_runner_lock(ledger, restarted)
    assert is_runner_alive(ledger, restarted)


def test_who_does_not_renew_loses_it_and_changes_nothing_any_more(ledger: Database) -> None:
    now = instant_now()
    first = take_runner_lock(ledger, now)
    renew_runner_lock(ledger, first, later(RUNNER_LOCK_S - 1.0, now=now))
    late = later(2.0 * RUNNER_LOCK_S, now=now)
    assert not is_runner_alive(ledger, late)
    with pytest.raises(LostRace, match="its lease is over"):
        renew_runner_lock(ledger, first, late)
    second = take_runner_lock(ledger, late)
    with pytest.raises(LostRace):
        renew_runner_lock(ledger, first, late)
    renew_runner_lock(ledger, second, late)


@pytest.mark.parametrize("is_awaited", [True, False], ids=["dead", "a zombie"])
def test_who_has_died_loses_it_at_once(ledger: Database, is_awaited: bool) -> None:
    now = instant_now()
    with subprocess.Popen([sys.executable, "-c", "pass"]) as child:
        if is_awaited:
            child.wait()
        else:
            stat = Path(f"/proc/{child.pid}/stat")
            while " Z " not in stat.read_text():
                time.sleep(0.01)
        take_runner_lock(ledger, now)
        with ledger.transaction() as transaction:
            transaction.change("UPDATE lease SET pid = ?", (child.pid,))
        assert not is_runner_alive(ledger, now)
        take_runner_lock(ledger, now)


@pytest.mark.parametrize(
    ("error", "is_held"), [(PermissionError, True), (FileNotFoundError, False)]
)
def test_who_cannot_be_asked_keeps_it_until_it_ends_by_itself(
    ledger: Database, monkeypatch: pytest.MonkeyPatch, error: type[OSError], *, is_held: bool
) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise error

    now = instant_now()
    take_runner_lock(ledger, now)
    monkeypatch.setattr(Path, "read_text", refuse)
    assert is_runner_alive(ledger, later(RUNNER_LOCK_S, now=now)) == is_held
    assert not is_runner_alive(ledger, later(RUNNER_LOCK_S + 0.1, now=now))
