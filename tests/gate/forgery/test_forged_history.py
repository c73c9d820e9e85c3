"""Somebody with an SQL shell says that an outcome is settled, or that a write was long ago."""

import sqlite3
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest

from handwheel.hmi.requests.write_followup import unsigned_lines
from handwheel.tools.errors import PermitRefused
from handwheel.tools.guardrails.identity.operators_yaml import operators_text
from handwheel.tools.guardrails.identity.roster import Record
from handwheel.tools.guardrails.signatures.administrators import chain_of
from handwheel.tools.guardrails.signatures.decisions import (
    Decision,
    DecisionRefused,
    Reason,
    Signed,
    meaning_of_subject,
    parse_decision,
    sign,
)
from handwheel.tools.requests.request import ActionRequest

from ...attacks.sql_shell import insert_site_decision, shell_of, without_triggers, write_text
from ...sites import people
from ...sites.in_memory import COOLDOWN_S
from ..testbed.edited_policy import LOOSE, carried_out, ruled_room
from ..testbed.with_oracle import SETPOINT, START, START_B, STOP, Watched

SETTLED = "UPDATE action SET state = 'RESOLVED_NOT_APPLIED' WHERE action_id = ?"
RATE = "rate: 30 kPa/min, "
NO_WORD = "and no entitled person has signed that; look at the plant"
Forge = Callable[[Watched, sqlite3.Connection, str], None]


@pytest.fixture
async def own(tmp_path: Path) -> AsyncGenerator[Watched]:
    """A site whose list of people may be written anew."""
    async with ruled_room(tmp_path) as room:
        yield room


async def held(room: Watched) -> ActionRequest:
    """A request whose one command is UNKNOWN, so that its equipment is held."""
    request = await room.carried_out(START, fault="answer lost")
    room.plant.fault = "none"
    assert room.desk.states(request) == ["UNKNOWN"]
    assert (await carried_out(room, STOP))[0].startswith("INVALIDATED: P-101A is held: ")
    assert len(room.plant.frames) == 1
    return request


def _by_the_table(room: Watched, shell: sqlite3.Connection, name: str) -> None:
    shell.execute(SETTLED, (name,))


def _past_the_triggers(room: Watched, shell: sqlite3.Connection, name: str) -> None:
    with without_triggers(shell):
        shell.execute("UPDATE action SET state = 'VERIFIED' WHERE action_id = ?", (name,))


def _with_a_word(
    *,
    by: str = "anna",
    about: str = "",
    is_kept: bool = True,
    attended: bool = True,
    is_early: bool = False,
) -> Forge:
    """Returns who puts a signed resolution in, past everything that judges it."""

    def forge(room: Watched, shell: sqlite3.Connection, name: str) -> None:
        usual = parse_decision(room.desk.signed("approve", room.desk.record(name).request, by).text)
        subject = about or name
        said = usual.model_dump(by_alias=True, exclude_none=True) | {
            "verdict": "resolve-not-applied", "subject": subject, "attended": attended,
            "meaning": meaning_of_subject("resolve-not-applied", subject),
        }  # fmt: skip
        if is_early:
            said["head"] = next(row.hash for row in room.desk.database.journal())
        signed = sign(Decision.model_validate(said), people.key_of(by))
        chain = chain_of(room.desk.operator(by)) if is_kept else None
        insert_site_decision(shell, "resolve-not-applied", name, signed, chain)
        shell.execute(SETTLED, (name,))

    return forge


def _with_an_altered_word(room: Watched, shell: sqlite3.Connection, name: str) -> None:
    _with_a_word(about=f"{name}0")(room, shell, name)
    last = "SELECT text, signature, chain FROM decision ORDER BY number DESC LIMIT 1"
    text, signature, chain = shell.execute(last).fetchone()
    signed = Signed(text.replace(f"{name}0", name), signature)
    assert parse_decision(signed.text).subject == name
    insert_site_decision(shell, "resolve-not-applied", name, signed, chain)


def _by_a_key_that_was_revoked(room: Watched, shell: sqlite3.Connection, name: str) -> None:
    room.desk.revoke_key("bert")
    _with_a_word(by="bert")(room, shell, name)


FORGED: dict[str, Forge] = {
    "no word": _by_the_table,
    "another state, past the triggers": _past_the_triggers,
    "a word of who has no role": _with_a_word(by="max"),
    "a word about another action": _with_a_word(about="R-OTHER/c1"),
    "a word with an altered text": _with_an_altered_word,
    "a word of nobody who is known": _with_a_word(is_kept=False),
    "a word from before the outcome": _with_a_word(is_early=True),
    "a script's word": _with_a_word(attended=False),
    "a word by a key that was revoked": _by_a_key_that_was_revoked,
}


@pytest.mark.way_in("A20")
@pytest.mark.parametrize("name", FORGED)
async def test_equipment_is_free_again_by_a_signed_resolution_alone(
    room: Watched, shell: sqlite3.Connection, name: str
) -> None:
    request = await held(room)
    action_id = request.commands[0].action_id
    FORGED[name](room, shell, action_id)
    for _ in range(2):
        (end,) = await carried_out(room, STOP)
        assert end.startswith("INVALIDATED: P-101A is held: ")
        assert NO_WORD in end
        room.kill_gate()
        await room.start_gate()
    assert len(room.plant.frames) == 1

    told = unsigned_lines(room.desk.decision_context)
    assert [line.startswith(f"HELD  {action_id} is ") and NO_WORD in line for line in told] == [
        True
    ]
    assert room.desk.resolve(action_id, "resolve-applied")
    assert unsigned_lines(room.desk.decision_context) == []
    assert (await carried_out(room, STOP))[0].startswith("VERIFIED")
    assert len(room.plant.frames) == 2
    with pytest.raises(PermitRefused, match="there is nothing to resolve"):
        room.desk.resolve(action_id, "resolve-applied")


async def test_what_somebody_has_resolved_stays_so_when_they_have_left(own: Watched) -> None:
    room, request = own, await held(own)
    room.desk.resolve(request.commands[0].action_id, "resolve-applied", "bert")
    room.desk.revoke_key("bert")
    enrol(room, people.boss(), people.record_of("gina"), people.record_of("anna"))
    room.kill_gate()
    await room.start_gate()
    assert (await carried_out(room, STOP))[0].startswith("VERIFIED")
    assert len(room.plant.frames) == 2


async def test_a_resolution_of_a_request_that_nobody_can_read_frees_nothing(room: Watched) -> None:
    request = await held(room)
    room.desk.resolve(request.commands[0].action_id, "resolve-applied")
    write_text(room.site.state, request.request_id, "{}")
    (end,) = await carried_out(room, STOP)
    assert end.startswith("INVALIDATED: P-101A is held: ")
    assert NO_WORD in end
    write_text(room.site.state, request.request_id, request.text)
    assert (await carried_out(room, STOP))[0].startswith("VERIFIED")
    assert len(room.plant.frames) == 2


def enrol(room: Watched, *records: Record) -> None:
    """Writes the list of people; a terminal that is open has read another."""
    (room.site.root / "operators.yaml").write_text(operators_text(records), encoding="utf-8")


@pytest.mark.way_in("P15")
async def test_who_was_taken_off_the_list_says_nothing_at_a_terminal_that_was_open(
    own: Watched,
) -> None:
    room, request = own, await held(own)
    action_id = request.commands[0].action_id
    waiting = room.desk.propose(START_B)
    others = [people.boss(), people.record_of("gina"), people.record_of("bert")]
    enrol(room, *others)
    refused = pytest.raises(DecisionRefused, match=str(Reason.UNKNOWN_KEY))
    with refused:
        room.desk.resolve(action_id, "resolve-not-applied")
    with refused:
        room.desk.approve(waiting)
    reasons = [each["reason"] for each in room.rows("decision.refused")]
    assert reasons == [Reason.UNKNOWN_KEY] * 2
    assert room.desk.states(request) == ["UNKNOWN"]
    assert room.desk.record(waiting.request_id).state == "PENDING"
    await room.go_round()
    assert len(room.plant.frames) == 1

    enrol(room, *others, people.record_of("anna"))
    room.desk.resolve(action_id, "resolve-not-applied")
    assert room.desk.states(request) == ["RESOLVED_NOT_APPLIED"]
    room.plant.values["P-101A.run_cmd"] = False
    assert (await carried_out(room, START))[0].startswith("VERIFIED")
    assert len(room.plant.frames) == 2


# A write that was long ago, with the newest number, and a number of its own in the journal.
_OLDER = (
    "INSERT INTO request(request_id, proposal_key, digest, text, filed_boot_id, filed_boot_ms) "
    "VALUES ('R-FORGED', 'k', 'd', '{}', 'b', 1)",
    "UPDATE request SET state = 'PENDING' WHERE request_id = 'R-FORGED'",
    "UPDATE request SET state = 'APPROVED' WHERE request_id = 'R-FORGED'",
    "INSERT INTO action(action_id, request_id, position, kind, equipment, tag) "
    "VALUES ('R-FORGED/c1', 'R-FORGED', 0, 'command', 'x', 'PIC-102.sp')",
    "UPDATE action SET state = 'DUE' WHERE action_id = 'R-FORGED/c1'",
    "UPDATE action SET state = 'CLAIMED' WHERE action_id = 'R-FORGED/c1'",
    "INSERT INTO intent VALUES ('R-FORGED/c1', '00', (SELECT max(epoch) FROM gate), "
    "(SELECT max(seq) FROM journal))",
    "UPDATE action SET state = 'SENDING', sent_at = '2026-01-01T00:00:00.000Z', "
    "sent_boot_id = (SELECT boot_id FROM gate), sent_boot_ms = 1 "
    "WHERE action_id = 'R-FORGED/c1'",
    "UPDATE action SET state = 'VERIFIED' WHERE action_id = 'R-FORGED/c1'",
)


def _makes_up_an_older_write(room: Watched, shell: sqlite3.Connection, name: str) -> None:
    for statement in _OLDER:
        shell.execute(statement)


def _makes_it_older(room: Watched, shell: sqlite3.Connection, name: str) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        shell.execute("UPDATE action SET sent_boot_ms = 1 WHERE action_id = ?", (name,))
    with without_triggers(shell):
        shell.execute("UPDATE action SET sent_boot_ms = 1 WHERE action_id = ?", (name,))


def _takes_it_out(room: Watched, shell: sqlite3.Connection, name: str) -> None:
    with without_triggers(shell):
        shell.execute("DELETE FROM intent WHERE action_id = ?", (name,))


AGES: dict[str, Forge] = {
    "an older write, put in last": _makes_up_an_older_write,
    "the write itself made older": _makes_it_older,
    "the write taken out": _takes_it_out,
}


COOL_DOWN = (LOOSE, 1.0, 355.0, "was written 1.0 s ago; its cool-down is 20 s", COOLDOWN_S)
PACE = (RATE, 10.0, 370.0, "was written 10 s ago and would change faster", 10.0)


@pytest.mark.way_in("T6")
@pytest.mark.parametrize(
    ("rule", "waits_s", "value", "words", "more_s"), [COOL_DOWN, PACE], ids=["cool-down", "rate"]
)
@pytest.mark.parametrize("name", AGES)
async def test_a_rule_goes_by_the_youngest_write_and_by_what_the_gate_has_sent(
    tmp_path: Path, name: str, rule: str, waits_s: float, value: float, words: str, more_s: float
) -> None:
    async with ruled_room(tmp_path, ("policy.yaml", LOOSE, rule)) as room:
        first = await room.carried_out(SETPOINT)
        assert room.desk.states(first) == ["VERIFIED"]
        with shell_of(room.site.state) as shell:
            AGES[name](room, shell, first.commands[0].action_id)
        room.clock.forward(waits_s)
        (end,) = await carried_out(room, ("PIC-102.sp", value))
        assert end.startswith(f"INVALIDATED: PIC-102.sp {words}")
        assert len(room.plant.frames) == 1
        room.clock.forward(more_s)
        assert (await carried_out(room, ("PIC-102.sp", value)))[0].startswith("VERIFIED")
        assert len(room.plant.frames) == 2


async def test_a_made_up_write_hides_none_of_an_earlier_gate(
    room: Watched, shell: sqlite3.Connection
) -> None:
    await carried_out(room, SETPOINT)
    room.kill_gate()
    await room.start_gate()
    _makes_up_an_older_write(room, shell, "")
    (end,) = await carried_out(room, ("PIC-102.sp", 355.0))
    assert "its cool-down is 20 s" in end
    assert len(room.plant.frames) == 1
