"""A ledger that was only written to passes; each tampering with a copy of it is told."""

import json
import sqlite3
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest

from handwheel.tools.guardrails.audit import Audit, audit
from handwheel.tools.guardrails.ledger.database import Database
from handwheel.tools.guardrails.ledger.journal import FIRST
from handwheel.tools.requests.canonical import canonical, digest, parse_canonical
from handwheel.tools.requests.request import ActionRequest

from ..gate.room import Room

Shell = sqlite3.Connection
Tamper = Callable[[Shell], None]


async def _live(room: Room) -> list[ActionRequest]:
    """A day: one action verified, one by two people, one unknown and resolved, one revoked."""
    requests: list[ActionRequest] = []
    for writes, people, fault in (
        ((("P-101A.run_cmd", True), ("PIC-102.sp", 360.0)), ["anna"], "none"),
        ((("P-101A.mode", 0),), ["anna", "bert"], "none"),
        ((("PIC-102.sp", 340.0),), ["bert"], "answer lost"),
    ):
        requests.append(room.desk.propose(*writes))
        room.desk.approve(requests[-1], *people)
        for _ in writes:
            room.plant.fault = fault  # type: ignore[assignment]
            await room.act()
    room.desk.resolve(f"{requests[-1].request_id}/c1", "resolve-applied")
    requests.append(room.desk.propose(("PIC-102.sp", 350.0)))
    room.desk.approve(requests[-1])
    room.desk.say("revoke", requests[-1], "anna")
    room.desk.revoke_key("bert")
    room.desk.release("P-101B")
    return requests


@pytest.fixture(scope="module")
async def copy(room: Room, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a copy of the day's ledger and its anchors."""
    await _live(room)
    folder = tmp_path_factory.mktemp("copy")
    ledger = room.site.state / "ledger.db"
    with closing(sqlite3.connect(ledger)) as live:  # noqa: SIM117
        with closing(sqlite3.connect(folder / "ledger.db")) as target:
            live.backup(target)
    copyfile(room.site.state / "anchors", folder / "anchors")
    return folder


@pytest.fixture
def folder(copy: Path, tmp_path: Path) -> Path:
    for name in ("ledger.db", "anchors"):
        copyfile(copy / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def shell(folder: Path) -> Generator[Shell]:
    """A shell on the copy, with every trigger dropped."""
    with closing(sqlite3.connect(folder / "ledger.db", isolation_level=None)) as shell:
        names = shell.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for (name,) in names:
            shell.execute(f"DROP TRIGGER {name}")
        yield shell


def _audited(room: Room, folder: Path) -> Audit:
    bench = room.desk.bench
    with Database(folder, room.site.id) as database:
        return audit(database, room.site, bench.roster, bench.policy.satisfies)


def test_a_ledger_of_the_real_code_passes_with_its_numbers(room: Room, folder: Path) -> None:
    found = _audited(room, folder)
    assert found.faults == ()
    # One verified action is from the fixture that the room comes from.
    assert (found.requests, found.intents) == (5, 5)
    assert found.decisions == len(
        room.desk.database.all("SELECT 1 FROM journal WHERE kind = 'decision'")
    )


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        (
            "UPDATE journal SET text = replace(text, 'a test asks', 'a fest asks') "
            "WHERE kind = 'request.filed'",
            "its hash does not fit its text",
        ),
        ("DELETE FROM journal WHERE seq = 9", "row 10: stands where row 9 belongs"),
        ("UPDATE action SET state = 'ABORTED_NOT_SENT' WHERE state = 'VERIFIED'",
         "the ledger says ABORTED_NOT_SENT, the journal VERIFIED"),
        ("UPDATE request SET state = 'APPROVED' WHERE state = 'REVOKED'",
         "the ledger says APPROVED, the journal REVOKED"),
        ("DELETE FROM action WHERE state = 'VERIFIED'", "the ledger says nothing, the journal VER"),
        ("INSERT INTO action(action_id, request_id, position, kind, equipment, tag) SELECT "
         "request_id || '/c9', request_id, 9, 'command', '', '' FROM request LIMIT 1",
         "/c9: the ledger says PLANNED, the journal nothing"),
        ("UPDATE request SET text = replace(text, 'a test asks', 'a fest asks')",
         "the ledger says has the digest"),
        ("UPDATE intent SET wire = '00'", "the ledger says sends 00, the journal sends 01"),
        ("DELETE FROM intent", "the ledger says nothing, the journal sends 01"),
        ("DELETE FROM decision WHERE verdict = 'revoke'", "decision "),
        ("UPDATE decision SET signature = '00'", "the ledger says 00, the journal "),
    ],
)  # fmt: skip
def test_what_a_shell_changes_is_told(
    room: Room, folder: Path, shell: Shell, statement: str, fault: str
) -> None:
    assert shell.execute(statement).rowcount > 0
    faults = _audited(room, folder).faults
    assert any(fault in each for each in faults), faults


def test_a_tail_that_was_cut_off_is_told(room: Room, folder: Path, shell: Shell) -> None:
    with Database(folder, room.site.id) as database:
        shell.execute("DELETE FROM journal WHERE seq > 20")
        bench = room.desk.bench
        found = audit(database, room.site, bench.roster, bench.policy.satisfies)
    assert any("are missing: they were anchored" in each for each in found.faults)


Rows = list[dict[str, Any]]


def _first(rows: Rows, kind: str, verdict: str = "") -> dict[str, Any]:
    return next(row for row in rows if row["kind"] == kind and verdict in str(row["body"]))


def _another_signature(rows: Rows) -> None:
    body = _first(rows, "decision", '"verdict":"approve"')["body"]
    body["signature"] = f"{int(body['signature'][:2], 16) ^ 1:02x}{body['signature'][2:]}"


def _another_person(rows: Rows) -> None:
    body = _first(rows, "decision", '"verdict":"approve"')["body"]
    body["text"] = body["text"].replace('"person":"anna"', '"person":"bert"')


def _another_card(rows: Rows) -> None:
    body = _first(rows, "decision", '"verdict":"approve"')["body"]
    body["card"] = body["card"].replace("card/1", "card/2")


def _other_bytes(rows: Rows) -> None:
    _first(rows, "action.intent")["body"]["wire"] = "010500000000"


def _without(kind: str, verdict: str = "") -> Callable[[Rows], None]:
    return lambda rows: rows.remove(_first(rows, kind, verdict))


def _a_shortcut(rows: Rows) -> None:
    rows.remove(_first(rows, "action.CLAIMED"))


def _no_readback(rows: Rows) -> None:
    del _first(rows, "action.VERIFIED")["body"]["readback"]


def _another_text(rows: Rows) -> None:
    body = _first(rows, "request.filed")["body"]
    body["text"] = body["text"].replace("a test asks", "a fest asks")


def _no_text(rows: Rows) -> None:
    _first(rows, "request.filed")["body"]["text"] = "nothing"


def _twice(rows: Rows) -> None:
    row = _first(rows, "action.intent")
    rows.insert(rows.index(row), json.loads(json.dumps(row)))


def _unreadable(key: str, value: object) -> Callable[[Rows], None]:
    def tamper(rows: Rows) -> None:
        _first(rows, "action.CLAIMED")[key] = value

    return tamper


def _unknown_state(rows: Rows) -> None:
    _first(rows, "action.CLAIMED")["body"]["to"] = "TELEPORTED"


@pytest.mark.parametrize(
    ("tamper", "fault"),
    [
        (_another_signature, "does not count: the signature does not fit the decision"),
        (_another_signature, "was sent without enough signatures: not enough people"),
        (_another_person, "does not count: the key belongs to somebody else"),
        (_another_card, "was made on another card"),
        (_other_bytes, "was sent with other bytes than were filed"),
        (_twice, "was to be sent a second time"),
        (_without("decision", '"verdict":"approve"'), "was sent without enough signatures"),
        (_without("request.APPROVED"), "was sent without an approval"),
        (_without("request.filed"), "was never filed"),
        (_without("action.intent"), "was sent without an intent"),
        (_without("action.SENDING"), "cannot go from CLAIMED to VERIFIED"),
        (_a_shortcut, "cannot go from DUE to SENDING"),
        (_without("request.PENDING"), "cannot go from PROPOSED to APPROVED"),
        (_no_readback, "is VERIFIED without a read-back"),
        (_another_text, "was filed under another digest"),
        (_no_text, "is no request"),
        (_unknown_state, "cannot be read: 'TELEPORTED' is not a valid ActionState"),
        (_unreadable("at", "yesterday"), "cannot be read: time data"),
        (_unreadable("body", "nothing"), "cannot be read: string indices"),
        (_unreadable("boot_s", "soon"), "cannot be read: can't multiply"),
    ],
)
def test_a_journal_written_anew_with_its_anchors_still_shows_it(
    room: Room, folder: Path, shell: Shell, tamper: Callable[[Rows], None], fault: str
) -> None:
    """Somebody with all the time in the world makes every hash and anchor fit again."""
    texts = shell.execute("SELECT text FROM journal ORDER BY seq").fetchall()
    rows: Rows = [parse_canonical(text) for (text,) in texts]
    tamper(rows)
    _write_anew(folder, shell, rows)
    faults = _audited(room, folder).faults
    assert any(fault in each for each in faults), faults
    assert not any("hash" in each or "anchored" in each for each in faults), faults


def _write_anew(folder: Path, shell: Shell, rows: Rows) -> None:
    shell.execute("BEGIN")
    shell.execute("DELETE FROM journal")
    prev, anchors = FIRST, ""
    for seq, row in enumerate(rows, start=1):
        text = canonical(row | {"seq": seq, "prev": prev})
        prev = digest("journal", text)
        anchors += f"{seq} {prev}\n"
        shell.execute("INSERT INTO journal(seq, hash, text) VALUES (?, ?, ?)", (seq, prev, text))
    shell.execute("COMMIT")
    (folder / "anchors").write_text(anchors, encoding="ascii")
