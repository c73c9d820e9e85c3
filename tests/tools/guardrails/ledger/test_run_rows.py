"""What the ledger keeps of runs: their events, their equipment, orders and promises."""

from dataclasses import replace
from pathlib import Path

import pytest

from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.approval.run_orders import ask_run
from handwheel.tools.guardrails.approval.run_requests import OrderPending, note_promise, set_due
from handwheel.tools.guardrails.ledger import runs
from handwheel.tools.guardrails.ledger.actions import states_in
from handwheel.tools.guardrails.ledger.effects import StepEffect, load_effects
from handwheel.tools.guardrails.ledger.runner_lock import take_runner_lock
from handwheel.tools.guardrails.ledger.store.database import Database, LostRace
from handwheel.tools.requests.timestamps import stamp

from ....attacks.sql_shell import shell_of, without_triggers
from ....gate.testbed.authority_grant import AGENTS
from ....sites.signed_requests import NOW
from .store.sample_writes import approve, move, start_gate

RUN = AGENTS["run"]["run_id"]
ENTRY = runs.RunEntry(RUN, "cw/change-over", True)
OTHER = replace(ENTRY, run_id="U-00000002")
PROMISE = StepEffect(1, "PT-102.pv > 1 kPa", 60.0, "PT-102.pv is 2 kPa", "CAME", 3.5)


@pytest.fixture
def holder(ledger: Database) -> str:
    return take_runner_lock(ledger, NOW)


def _opened(
    ledger: Database, entry: runs.RunEntry, holder: str, *assets: str
) -> tuple[runs.RunRow, str]:
    return runs.open_run(ledger, entry, assets, {"why": "a test"}, holder, NOW)


def test_equipment_has_one_run_at_a_time(ledger: Database, holder: str) -> None:
    row, owner = _opened(ledger, ENTRY, holder, "P-101B", "P-101A")
    assert (row.kind, row.body, owner) == ("opened", {"why": "a test"}, "")
    rows = list(ledger.journal())
    refused = _opened(ledger, OTHER, holder, "E-101", "P-101A")
    assert refused == (runs.RunRow(0, "", "", {}), RUN)
    assert (list(ledger.journal()), runs.load_runs(ledger)) == (rows, [ENTRY])
    assert runs.assets_of(ledger, RUN) == ["P-101A", "P-101B"]
    assert runs.asset_owners(ledger) == {"P-101A": RUN, "P-101B": RUN}
    runs.record_event(ledger, RUN, "held", {}, holder, NOW)
    assert runs.asset_owners(ledger) == {"P-101A": RUN, "P-101B": RUN}
    runs.record_event(ledger, RUN, "completed", {}, holder, NOW, closes=True)
    assert (runs.asset_owners(ledger), runs.assets_of(ledger, RUN)) == ({}, ["P-101A", "P-101B"])
    assert _opened(ledger, OTHER, holder, "E-101", "P-101A")[1] == ""
    assert runs.asset_owners(ledger) == {"E-101": OTHER.run_id, "P-101A": OTHER.run_id}
    assert runs.load_runs(ledger, only_open=True) == [OTHER]


def test_the_events_of_a_run_come_in_order_with_its_orders(ledger: Database, holder: str) -> None:
    opened, _ = _opened(ledger, ENTRY, holder)
    _opened(ledger, OTHER, holder)
    with ledger.transaction(NOW) as transaction:
        transaction.record("note", RUN, {})  # about it, and no event of it
    asked = ask_run(ledger, RUN, "hold", "max", NOW)
    held = runs.record_event(ledger, RUN, "held", {"by": "max"}, holder, NOW)
    found = runs.load_rows(ledger, RUN)
    assert found == [
        opened,
        runs.RunRow(asked.number, "ordered", stamp(NOW.wall), {"order": "hold", "person": "max"}),
        held,
    ]


@pytest.mark.parametrize(
    "text",
    [
        "json_set(text, '$.body', 'nothing')", "json_remove(text, '$.at')",
        "json_set(text, '$.kind', 7)", "replace(text, '{', '{ ')",
    ],
)  # fmt: skip
def test_a_row_of_a_run_that_is_none_is_told_and_not_passed_over(
    tmp_path: Path, ledger: Database, holder: str, text: str
) -> None:
    opened, _ = _opened(ledger, ENTRY, holder)
    _opened(ledger, OTHER, holder)
    with shell_of(tmp_path) as shell, without_triggers(shell):
        shell.execute(f"UPDATE journal SET text = {text} WHERE seq = ?", (opened.seq,))
    with pytest.raises(LedgerError, match=f"run {RUN} is damaged: row {opened.seq} of the journal"):
        runs.load_rows(ledger, RUN)
    assert [each.kind for each in runs.load_rows(ledger, OTHER.run_id)] == ["opened"]


def test_an_order_that_the_run_has_not_seen_comes_first(ledger: Database, holder: str) -> None:
    _opened(ledger, ENTRY, holder)
    name = approve(ledger, **AGENTS)
    order = ask_run(ledger, RUN, "hold", "max", NOW).number
    with pytest.raises(OrderPending, match=f"^{RUN} was given an order that it has not looked at$"):
        set_due(ledger, f"{name}/c1", holder, NOW, orders=order - 1)
    assert states_in(ledger, name)[f"{name}/c1"] == "PLANNED"
    set_due(ledger, f"{name}/c1", holder, NOW, orders=order)
    assert states_in(ledger, name)[f"{name}/c1"] == "DUE"


def _told(ledger: Database, holder: str, step: str) -> bool:
    return note_promise(ledger, RUN, step, PROMISE, holder, NOW)


def test_a_promise_is_told_once_with_the_steps_last_write(ledger: Database, holder: str) -> None:
    epoch, persons = start_gate(ledger), approve(ledger, 2)
    move(ledger, f"{persons}/c1", "DUE", "CLAIMED", "SENDING", "VERIFIED", epoch=epoch)
    name = approve(ledger, **AGENTS)
    rows = list(ledger.journal())
    assert not _told(ledger, holder, "step 1")  # nothing of the run was written yet
    assert list(ledger.journal()) == rows
    move(ledger, f"{name}/c1", "DUE", "CLAIMED", "SENDING", "VERIFIED", epoch=epoch)
    rows = list(ledger.journal())
    with pytest.raises(LostRace, match="its lease is over"):
        _told(ledger, "somebody else", "step 1")
    assert not _told(ledger, holder, "step 2")
    assert list(ledger.journal()) == rows
    assert _told(ledger, holder, "step 1")
    told = list(ledger.journal())
    row = told[-1].fields
    assert (row["kind"], row["subject"]) == ("effect.CAME", f"{name}/c1")
    assert row["body"]["after_s"] == 3.5
    assert [each.observed for each in load_effects(ledger, name)] == ["PT-102.pv is 2 kPa"]
    assert not _told(ledger, holder, "step 1")
    assert list(ledger.journal()) == told
