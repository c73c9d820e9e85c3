"""What a gate does as it starts, watches and stops, in memory."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.site import Site
from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.gate.gate import open_gate
from handwheel.tools.guardrails.ledger.latched_lockouts import locked_scopes
from handwheel.tools.guardrails.ledger.store.database import Database

from ..testbed.with_oracle import SETPOINT, START, START_B, Watched

ALLOWED = "the policy allows asking"
WRITES = {"P-101A": START, "P-101B": START_B, "PIC-102": SETPOINT}


@pytest.mark.parametrize(
    ("name", "scope", "ended"),
    [
        ("P-101A", "P-101A", {"P-101A"}),
        ("PUMPS-101", "PUMPS-101", {"P-101A", "P-101B"}),
        ("site", "site", {"P-101A", "P-101B", "PIC-102"}),
        # Of a loop without equipment, or of a typing error, everything stops.
        ("P-101Z", "site", {"P-101A", "P-101B", "PIC-102"}),
    ],
)
async def test_a_lockout_ends_what_it_covers_and_is_latched_under_the_sites_name(
    room: Watched, name: str, scope: str, ended: set[str]
) -> None:
    waiting = {place: room.desk.propose(write) for place, write in WRITES.items()}
    room.desk.lock_out(name)
    room.watch()
    assert dict(locked_scopes(room.desk.database)) == {scope: 1}
    for place, request in waiting.items():
        record = room.desk.record(request.request_id)
        told = ("INVALIDATED", f"lockout of {scope}") if place in ended else ("PENDING", ALLOWED)
        assert (record.state, record.reason) == told, place


async def test_what_was_filed_first_is_carried_out_first(room: Watched) -> None:
    first, second = await room.carried_out(START), room.approved(START_B)
    assert (room.desk.states(first), room.desk.states(second)) == (["VERIFIED"], ["DUE"])
    await room.act()
    assert room.desk.states(second) == ["VERIFIED"]


@pytest.mark.way_in("F8")
async def test_a_due_action_that_cannot_start_is_ended_and_others_go_on(room: Watched) -> None:
    first, second = room.approved(START), room.approved(START_B)
    room.desk.lock_out("P-101A")
    await room.act(2)
    assert (room.desk.states(first), room.desk.states(second)) == (["INVALIDATED"], ["VERIFIED"])
    assert room.wires == [second.commands[0].wire]


async def test_a_gate_is_told_as_it_starts_and_as_it_stops(
    memory_site: Site, tmp_path: Path
) -> None:
    site = replace(memory_site, state=tmp_path)
    for epoch in (1, 2):
        async with open_gate(site) as gate:
            picture = gate.snapshot()
            assert picture.epoch == gate.epoch == epoch
            assert picture.locked == ([] if epoch == 1 else ["P-101A"])
        (tmp_path / "lockout" / "P-101A").touch()
    with Database(tmp_path, site.id) as database:
        rows = [row.fields for row in database.journal()]
    kinds = [(row["kind"], row["subject"]) for row in rows if row["kind"].startswith("gate.")]
    assert kinds == [
        ("gate.started", "1"), ("gate.stopped", "1"), ("gate.started", "2"), ("gate.stopped", "2"),
    ]  # fmt: skip


@pytest.mark.parametrize("is_writable", [True, False])
async def test_a_gate_that_is_interrupted_is_told_as_it_stops(
    memory_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_writable: bool
) -> None:
    site = replace(memory_site, state=tmp_path)
    with suppress(asyncio.CancelledError):  # what comes out, and not the ledger's fault
        async with open_gate(site):
            if not is_writable:
                monkeypatch.setattr(Database, "transaction", _refused)
            raise asyncio.CancelledError
    with Database(tmp_path, site.id) as database:
        kinds = [row.fields["kind"] for row in database.journal()]
    assert kinds[-1] == ("gate.stopped" if is_writable else "gate.started")


async def test_a_gate_that_is_told_to_stop_right_after_a_commit_stops(
    memory_site: Site, tmp_path: Path
) -> None:
    async with open_gate(replace(memory_site, state=tmp_path)) as gate:
        running = asyncio.create_task(gate.run())
        await asyncio.sleep(0.05)
        with gate.ledger.transaction() as transaction:
            transaction.record("note", "", {})
        await asyncio.sleep(0)  # who waits for the commit is about to be woken
        running.cancel()
        await asyncio.wait([running], timeout=5.0)
        assert running.cancelled()


def _refused(*_: object) -> object:
    raise LedgerError("the disk is full")


@pytest.mark.parametrize("folder", ["gone", "there", "never there"])
async def test_a_gate_that_finds_no_folder_of_lockouts_locks_the_site_out(
    memory_site: Site, tmp_path: Path, caplog: pytest.LogCaptureFixture, folder: str
) -> None:
    site = replace(memory_site, state=tmp_path)
    if folder != "never there":
        async with open_gate(site):
            pass
    if folder == "gone":
        (tmp_path / "lockout").rmdir()
    async with open_gate(site) as gate:
        picture = gate.snapshot()
    assert picture.locked == (["site"] if folder == "gone" else [])
    assert ("next: handwheel release" in caplog.text) == (folder == "gone")
    assert (tmp_path / "lockout").is_dir()


async def test_a_gate_that_cannot_make_its_folder_of_lockouts_takes_no_post(
    memory_site: Site, tmp_path: Path
) -> None:
    """Without it nobody could lock anything out."""
    site, file = replace(memory_site, state=tmp_path), tmp_path / "lockout"
    file.write_text("in its place")
    with pytest.raises(LedgerError, match=f"^{tmp_path}: File exists$"):
        await open_gate(site).__aenter__()
    assert names_in(tmp_path) == ["lockout"]  # no ledger
    file.unlink()
    async with open_gate(site) as gate:
        assert gate.epoch == 1


async def test_a_gate_that_cannot_judge_a_remote_condition_takes_no_post(
    memory_site: Site, tmp_path: Path
) -> None:
    """It would find out when the equipment is handed over, with everything else in its hands."""
    broken = memory_site.equipment["P-101A"].model_copy(update={"remote_when": "P-101Z.mode == 1"})
    equipment = {**memory_site.equipment, "P-101A": broken}
    site = replace(memory_site, state=tmp_path / "state", equipment=equipment)
    with pytest.raises(ConfigError, match=r"remote_when: .*P-101Z"):
        await open_gate(site).__aenter__()
    assert not site.state.exists()
    async with open_gate(replace(memory_site, state=tmp_path / "state")) as gate:
        assert gate.epoch == 1


def names_in(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]
