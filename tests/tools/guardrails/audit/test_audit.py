"""A ledger that was only written to passes; each tampering with what it says is told."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from handwheel.tools.guardrails.audit.audit import Audit, audit
from handwheel.tools.guardrails.ledger.store.journal import JournalRow
from handwheel.tools.requests.canonical import parse_canonical
from handwheel.tools.requests.request import ActionRequest

from ....attacks import journal_tampering as forge
from ....attacks.edited_file import chained
from ....attacks.journal_tampering import Rows, without
from ....gate.testbed.in_memory import Room


async def _live(room: Room) -> list[ActionRequest]:
    """A day: one action verified, one by two people, one unknown and resolved, one revoked."""
    requests: list[ActionRequest] = []
    for writes, people, fault in (
        ((("P-101A.run_cmd", False), ("PIC-102.sp", 360.0)), ["anna"], "none"),
        ((("P-101A.mode", 0),), ["anna", "bert"], "none"),
        ((("PIC-102.sp", 340.0),), ["bert"], "answer lost"),
    ):
        room.clock.forward(30.0)  # past the cool-down
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
async def lived(room: Room) -> Room:
    await _live(room)
    return room


class Told:
    """A journal as somebody tells it, with hashes and anchors that fit."""

    def __init__(self, rows: Rows) -> None:
        self._rows = chained(rows)

    def journal(self) -> Iterator[JournalRow]:
        yield from self._rows

    def anchor_lines(self) -> list[str]:
        return [f"{row.seq} {row.hash}" for row in self._rows]


def _audited(room: Room, database: Any) -> Audit:
    context = room.desk.decision_context
    return audit(database, room.site, context.roster, context.policy.satisfies)


def test_a_ledger_of_the_real_code_passes_with_its_numbers(lived: Room) -> None:
    database = lived.desk.database
    found = _audited(lived, database)
    assert found.faults == ()
    # One verified action is from the fixture that the room comes from.
    assert (found.requests, found.intents) == (5, 5)
    assert found.decisions == len(database.find_rows(kind="decision"))


def test_bytes_that_were_changed_are_told(lived: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = list(lived.desk.database.journal())
    text = rows[8].text.replace("a test", "a fest").replace('"seq":9', '"seq":7')
    rows[8] = JournalRow(9, text, rows[8].hash)
    told = Told([])
    monkeypatch.setattr(told, "_rows", rows)
    monkeypatch.setattr(told, "anchor_lines", lived.desk.database.anchor_lines)
    faults = _audited(lived, told).faults
    assert any("row 9: its hash does not fit its text" in each for each in faults), faults


@pytest.mark.parametrize(
    ("tamper", "fault"),
    [
        (forge.another_signature, "does not count: the signature does not fit the decision"),
        (forge.another_signature, "was sent without enough signatures"),
        (forge.another_person, "does not count: the key belongs to somebody else"),
        (forge.another_card, "was made on another card"),
        (forge.other_bytes, "was sent with other bytes than were approved"),
        (without("decision", '"verdict":"approve"'), "was sent without enough signatures"),
        (without("request.APPROVED"), "was sent without an approval"),
        (without("request.filed"), "is not there"),
        (without("lockout.latched"), "was made in view of another ledger"),
        (forge.no_chain, "does not count: no administrator has signed it"),
        (forge.another_text, "was filed under another digest"),
        (forge.no_text, "cannot be read"),
        (forge.unknown_state, "an action does not go from DUE to TELEPORTED"),
    ],
)
def test_a_journal_written_anew_with_its_anchors_still_shows_it(
    lived: Room, tamper: Callable[[Rows], None], fault: str
) -> None:
    """Somebody with all the time in the world makes every hash and anchor fit again."""
    rows: Rows = [parse_canonical(row.text) for row in lived.desk.database.journal()]
    assert not any("anchored" in each for each in _audited(lived, Told(rows)).faults)
    tamper(rows)
    faults = _audited(lived, Told(rows)).faults
    assert any(fault in each for each in faults), faults
    assert not any("hash" in each or "anchored" in each for each in faults), faults
