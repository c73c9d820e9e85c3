"""What seems to have waited too long is looked at once more, and judged as it stands then."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from handwheel.tools.guardrails.ledger import lifecycle, overdue
from handwheel.tools.guardrails.ledger.lifecycle import move_action, move_request, sweep
from handwheel.tools.guardrails.ledger.records import load_request
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.ledger.store.states import ActionState, RequestState

from ....sites.authority_site import later
from ....sites.signed_requests import NOW
from .store.sample_writes import approve, file

Happening = Callable[[Database], None]
WAITED_S = 1800.0


def _states(ledger: Database, name: str) -> str:
    record = load_request(ledger, name)
    return " ".join((record.state, *(each.state for each in record.actions)))


def _reject(ledger: Database) -> None:
    with ledger.transaction(NOW) as transaction:
        move_request(transaction, "R-00000001", RequestState.REJECTED, "anna said no")


def _claim(ledger: Database) -> None:
    with ledger.transaction(NOW) as transaction:
        to = ActionState.CLAIMED
        move_action(transaction, "R-00000001/c1", ActionState.DUE, to, "a gate takes it")


def _meanwhile(monkeypatch: pytest.MonkeyPatch, look: str, happening: Happening) -> None:
    """Lets something happen right after the sweep has looked for the first time."""
    found = getattr(lifecycle, look)

    def looks(ledger: Database, *more: object) -> object:
        seen = found(ledger, *more)
        monkeypatch.setattr(lifecycle, look, found)
        happening(ledger)
        return seen

    monkeypatch.setattr(lifecycle, look, looks)


@pytest.mark.parametrize("look", ["maybe_overdue", "load_exactly"])
@pytest.mark.parametrize("boot", ["this boot", "another"])
def test_what_a_person_ends_meanwhile_ends_as_they_said(
    ledger: Database, monkeypatch: pytest.MonkeyPatch, look: str, boot: str
) -> None:
    name, other = file(ledger, 1, 1), file(ledger, 2, 1)
    late = replace(later(WAITED_S + 0.1), boot_id=boot)
    _meanwhile(monkeypatch, look, _reject)
    assert sweep(ledger, late)
    assert _states(ledger, name) == "REJECTED CANCELLED"
    assert load_request(ledger, name).reason == "anna said no"
    ended = "EXPIRED CANCELLED" if boot == NOW.boot_id else "INVALIDATED INVALIDATED"
    assert _states(ledger, other) == ended
    assert not sweep(ledger, late)


def test_what_a_gate_takes_up_is_its_own(ledger: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    name = approve(ledger)
    with ledger.transaction(NOW) as transaction:
        lifecycle.set_next_due(transaction, name)
    _meanwhile(monkeypatch, "load_exactly", _claim)
    assert sweep(ledger, later(lifecycle.DUE_S + 0.1))
    assert _states(ledger, name) == "APPROVED CLAIMED PLANNED"


def test_what_only_seems_overdue_goes_on(ledger: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    name = file(ledger, 1, 1)

    def every(*_: object) -> list[str]:
        return [name]

    monkeypatch.setattr(lifecycle, "maybe_overdue", every)
    assert not sweep(ledger, later(WAITED_S))
    assert _states(ledger, name) == "PENDING PLANNED"
    assert sweep(ledger, later(WAITED_S + 0.1))
    assert load_request(ledger, name).reason == "no decision within 1800 s"


def test_how_long_each_waits_is_kept_of_so_many_and_read_anew_of_the_others(
    ledger: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overdue, "_MOST_KNOWN", 2)
    monkeypatch.setattr(overdue, "_known", {})
    names = [file(ledger, number, 1) for number in range(1, 7)]
    for _ in range(2):
        assert not sweep(ledger, later(WAITED_S))
        assert len(overdue._known) <= 3  # pyright: ignore[reportPrivateUsage]
    while sweep(ledger, later(WAITED_S + 0.1)):  # what was just forgotten comes with the next
        pass
    assert {_states(ledger, each) for each in names} == {"EXPIRED CANCELLED"}
