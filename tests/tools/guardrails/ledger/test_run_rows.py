"""What the ledger keeps of runs: events, equipment, orders, and which process works on them."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from handwheel.tools.errors import PermitRefused
from handwheel.tools.guardrails.approval.messages.agents import Operation
from handwheel.tools.guardrails.approval.messages.run_events import (
    OpenRun,
    RecordEvent,
)
from handwheel.tools.guardrails.approval.messages.run_requests import (
    NotePromise,
    OrderPending,
    SetDue,
)
from handwheel.tools.guardrails.ledger import runs
from handwheel.tools.guardrails.ledger.actions import states_in
from handwheel.tools.guardrails.ledger.effects import load_effects
from handwheel.tools.guardrails.ledger.runner_lock import (
    RUNNER_LOCK_S,
    is_runner_alive,
    release_runner_lock,
    renew_runner_lock,
)
from handwheel.tools.guardrails.ledger.store.database import Database, LostRace
from handwheel.tools.requests.timestamps import instant_now, stamp

from ....gate.testbed.authority_grant import AGENTS
from ....gate.testbed.effects import make, take_runner_lock, without_site
from ....gate.testbed.words import ask_run
from ....sites.authority_site import later
from ....sites.signed_requests import NOW
from .store.sample_writes import approve, move, start_gate

RUN = AGENTS["run"]["run_id"]
ENTRY = runs.RunEntry(RUN, "cw/change-over", True)
OTHER = replace(ENTRY, run_id="U-00000002")


@pytest.fixture
def holder(ledger: Database) -> str:
    return take_runner_lock(ledger, NOW)


def _make(ledger: Database, holder: str, operation: Operation) -> None:
    make(without_site(ledger), holder, NOW, operation)


def _opened(
    ledger: Database,
    entry: runs.RunEntry,
    holder: str,
    *assets: str,
    ancestors: tuple[str, ...] = (),
) -> str:
    """Opens a run, and returns the one that is in the way."""
    opening = OpenRun(
        run_id=entry.run_id, playbook=entry.playbook, assets=assets, ancestors=ancestors,
        body={"why": "a test"},
    )  # fmt: skip
    try:
        _make(ledger, holder, opening)
    except PermitRefused as refusal:
        return str(refusal).partition(" owns its equipment")[0]
    return ""


def _records(ledger: Database, holder: str, run_id: str, kind: str, **body: object) -> None:
    _make(ledger, holder, RecordEvent(subject=run_id, kind=f"run.{kind}", body=body))


def test_equipment_has_one_run_at_a_time(ledger: Database, holder: str) -> None:
    assert _opened(ledger, ENTRY, holder, "P-101B", "P-101A") == ""
    owns = {"playbook": "cw/change-over", "owns": ["P-101B", "P-101A"]}
    (row,) = runs.load_rows(ledger, RUN)
    assert (row.kind, row.body) == ("opened", {"why": "a test"} | owns)
    rows = list(ledger.journal())
    assert _opened(ledger, OTHER, holder, "E-101", "P-101A") == RUN
    assert (list(ledger.journal()), runs.load_runs(ledger)) == (rows, [ENTRY])
    assert runs.asset_owners(ledger) == {"P-101A": RUN, "P-101B": RUN}
    _records(ledger, holder, RUN, "held")
    assert runs.asset_owners(ledger) == {"P-101A": RUN, "P-101B": RUN}
    _records(ledger, holder, RUN, "completed")
    assert runs.asset_owners(ledger) == {}
    assert _opened(ledger, OTHER, holder, "E-101", "P-101A") == ""
    assert runs.asset_owners(ledger) == {"E-101": OTHER.run_id, "P-101A": OTHER.run_id}
    assert runs.load_runs(ledger, only_open=True) == [OTHER]


def test_a_nested_run_leaves_equipment_to_outer_runs_and_inherits_it(
    ledger: Database, holder: str
) -> None:
    def within(entry: runs.RunEntry, ancestors: list[str], *assets: str) -> str:
        return _opened(ledger, entry, holder, *assets, ancestors=tuple(ancestors))

    sibling = replace(ENTRY, run_id="U-00000003")
    assert _opened(ledger, ENTRY, holder, "P-101A", "P-101B") == ""
    assert within(OTHER, ["U-00000009"], "P-101A") == RUN
    assert within(OTHER, [RUN], "P-101A", "E-101") == ""
    assert runs.asset_owners(ledger) == {"P-101A": RUN, "P-101B": RUN, "E-101": OTHER.run_id}
    assert within(sibling, [RUN], "P-101A") == OTHER.run_id  # it uses it
    assert within(sibling, [OTHER.run_id, RUN], "P-101A", "P-101B") == ""
    _records(ledger, holder, RUN, "stopped")
    owners = {"P-101A": OTHER.run_id, "E-101": OTHER.run_id, "P-101B": sibling.run_id}
    assert runs.asset_owners(ledger) == owners
    _records(ledger, holder, OTHER.run_id, "stopped")
    assert runs.asset_owners(ledger) == dict.fromkeys(("P-101A", "P-101B"), sibling.run_id)
    _records(ledger, holder, sibling.run_id, "stopped")
    assert runs.asset_owners(ledger) == {}


def test_the_events_of_a_run_come_in_order_with_its_orders(ledger: Database, holder: str) -> None:
    _opened(ledger, ENTRY, holder)
    (opened,) = runs.load_rows(ledger, RUN)
    _opened(ledger, OTHER, holder)
    with ledger.transaction(NOW) as transaction:
        transaction.record("note", RUN, {})  # about it, and no event of it
    asked = ask_run(ledger, RUN, "hold", "max", NOW)
    _records(ledger, holder, RUN, "held", by="max")
    at, number = stamp(NOW.wall), asked.number
    assert runs.load_rows(ledger, RUN) == [
        opened,
        runs.RunRow(number, "ordered", at, {"order": "hold", "person": "max"}),
        runs.RunRow(number + 1, "held", at, {"by": "max"}),
    ]


def test_an_order_that_the_run_has_not_seen_comes_first(ledger: Database, holder: str) -> None:
    _opened(ledger, ENTRY, holder)
    name = approve(ledger, **AGENTS)
    order = ask_run(ledger, RUN, "hold", "max", NOW).number
    with pytest.raises(OrderPending, match=f"^{RUN} was given an order that it has not looked at$"):
        _make(ledger, holder, SetDue(action_id=f"{name}/c1", orders=order - 1))
    assert states_in(ledger, name)[f"{name}/c1"] == "PLANNED"
    _make(ledger, holder, SetDue(action_id=f"{name}/c1", orders=order))
    assert states_in(ledger, name)[f"{name}/c1"] == "DUE"


def _tell(ledger: Database, holder: str, step: str) -> None:
    promise = NotePromise(
        run_id=RUN, step=step, number=1, expected="PT-102.pv > 1 kPa", within_s=60.0,
        observed="PT-102.pv is 2 kPa", verdict="CAME", after_s=3.5,
    )  # fmt: skip
    _make(ledger, holder, promise)


def test_a_promise_is_told_once_with_the_steps_last_write(ledger: Database, holder: str) -> None:
    start_gate(ledger)
    persons = approve(ledger, 2)
    move(ledger, f"{persons}/c1", "DUE", "CLAIMED", "SENDING", "VERIFIED")
    name = approve(ledger, **AGENTS)
    rows = list(ledger.journal())
    _tell(ledger, holder, "step 1")  # nothing of the run was written yet
    assert list(ledger.journal()) == rows
    move(ledger, f"{name}/c1", "DUE", "CLAIMED", "SENDING", "VERIFIED")
    rows = list(ledger.journal())
    with pytest.raises(LostRace, match="its lock is over"):
        _tell(ledger, "somebody else", "step 1")
    _tell(ledger, holder, "step 2")
    assert list(ledger.journal()) == rows
    _tell(ledger, holder, "step 1")
    told = list(ledger.journal())
    row = told[-1].fields
    assert (row["kind"], row["subject"]) == ("effect.CAME", f"{name}/c1")
    assert row["body"]["after_s"] == 3.5
    assert [each.observed for each in load_effects(ledger, name)] == ["PT-102.pv is 2 kPa"]
    _tell(ledger, holder, "step 1")
    assert list(ledger.journal()) == told


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
    with pytest.raises(LostRace, match="its lock is over"):
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


def test_the_row_of_a_lock_that_is_given_back_names_the_process_that_had_it(
    ledger: Database,
) -> None:
    holder = take_runner_lock(ledger, NOW, pid=1)
    release_runner_lock(ledger, holder, NOW)
    (row,) = ledger.find_rows(kind="lease.given_back")
    assert row.fields["body"] == {"pid": 1}
