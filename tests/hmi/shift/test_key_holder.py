"""The key is in memory while the seat is open, and no longer."""

import gc
import os
import signal
import weakref
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from handwheel.connectors.model.site import Site
from handwheel.hmi.people.signing import Signer
from handwheel.hmi.shift import key_holder as seat
from handwheel.hmi.shift.key_holder import ConsoleLocked, KeyHolder, locked_by_signals
from handwheel.hmi.shift.lock_states import ConsoleClocks, ConsoleEvent, ConsoleState
from handwheel.tools.guardrails.identity.keys import PrivateKey
from handwheel.tools.guardrails.identity.roster import Operator
from handwheel.tools.guardrails.identity.rotation import rotate
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.requests.timestamps import parse_stamp, stamp

from ...sites.people import SITE, boss, key_of, record_of, site_of

DAY = timedelta(days=1)


class Key:
    """Stands for a private key in memory: whether anybody still holds it can be seen."""


class Place:
    """A seat, its clock, and what must be gone when it is locked."""

    def __init__(self, site: Site, database: Database) -> None:
        self.site, self.clocks = site, ConsoleClocks(1000.0, 1000.0)
        self.holder = KeyHolder(site, database, "anna", 300.0, lambda: self.clocks)
        self.key: weakref.ref[Key] = weakref.ref(Key())

    def open_signer(self, operator: Operator) -> Signer:
        key = Key()
        self.key = weakref.ref(key)
        return Signer(operator, key, True)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    def unlocked(self) -> KeyHolder:
        self.holder.unlock(self.open_signer)
        assert self.holder.signer().operator.person == "anna"
        return self.holder

    def is_dropped(self) -> bool:
        gc.collect()
        return self.key() is None


@pytest.fixture
def place(tmp_path: Path) -> Generator[Place]:
    begun = datetime.now(UTC) - DAY
    records = (record_of("boss", "administrator", start=begun), record_of("anna", start=begun))
    site = site_of(tmp_path, *records)
    with Database(site.state, SITE) as database:
        yield Place(site, database)


def _now() -> datetime:
    return parse_stamp(stamp(datetime.now(UTC)))


def _rotated(place: Place) -> None:
    rotate(place.site, "anna", PrivateKey.generate().public_key(), key_of("boss"), _now())


def _removed(place: Place) -> None:
    (place.site.root / "operators.yaml").unlink()


def _damaged(place: Place) -> None:
    (place.site.root / "operators.yaml").write_text("operators: [")


def _slept(place: Place) -> None:
    place.clocks = ConsoleClocks(1001.0, 1003.0)


def _idle(place: Place) -> None:
    place.clocks = ConsoleClocks(1300.0, 1300.0)


def _asked(place: Place) -> None:
    place.holder.handle(ConsoleEvent.LOCK_ASKED)


@pytest.mark.parametrize("lock", [_rotated, _removed, _damaged, _slept, _idle, _asked])
def test_what_locks_drops_the_key_before_it_signs(
    place: Place, lock: Callable[[Place], None]
) -> None:
    holder = place.unlocked()
    lock(place)
    with pytest.raises(ConsoleLocked, match=r"the console is locked: .*; nothing was signed"):
        holder.signer()
    assert (holder.state, holder.holds_key) == (ConsoleState.LOCKED, False)
    assert place.is_dropped()


def test_a_revoked_key_locks_and_does_not_open(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder = place.unlocked()
    key_id = holder.signer().operator.key_id

    def revoked(*_: object) -> frozenset[str]:
        return frozenset({key_id})

    monkeypatch.setattr(seat, "revoked_keys", revoked)
    holder.check()
    assert place.is_dropped()
    with pytest.raises(ConsoleLocked, match="is revoked"):
        holder.unlock(place.open_signer)
    monkeypatch.undo()
    assert place.unlocked().holds_key


@pytest.mark.parametrize("number", [signal.SIGTSTP, signal.SIGHUP])
def test_a_signal_locks(
    place: Place, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    holder, stopped = place.unlocked(), list[object]()
    before = signal.getsignal(number)

    def stop(pid: int, number: int) -> None:
        stopped.append(number)

    monkeypatch.setattr(os, "kill", stop)
    with locked_by_signals(holder):
        signal.raise_signal(number)
        assert (holder.state, place.is_dropped()) == (ConsoleState.LOCKED, True)
    assert stopped == ([signal.SIGTSTP] if number == signal.SIGTSTP else [])
    assert signal.getsignal(number) == before


def test_an_administrator_has_no_seat(tmp_path: Path) -> None:
    site = site_of(tmp_path, boss())
    with Database(site.state, SITE) as database:
        holder = KeyHolder(site, database, "boss", 300.0)
        with pytest.raises(ConsoleLocked, match="boss is no operator"):
            holder.unlock(lambda operator: Signer(operator, key_of("boss"), True))
