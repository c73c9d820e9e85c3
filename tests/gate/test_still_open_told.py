"""What is still open, or did not come, is told first: in the report, and to the next shift."""

import pytest

from handwheel.hmi.journal_actions import Told
from handwheel.hmi.journal_leases import note_closings
from handwheel.hmi.journal_open import write_open
from handwheel.hmi.journal_paper import Paper
from handwheel.hmi.journal_story import Entry, read_story
from handwheel.hmi.shift_summary import summarize
from handwheel.tools.guardrails.authority import take_over
from handwheel.tools.requests.terms import Terms, parse_expectation

from .fuse import Crash
from .handover import give
from .test_leases_on_paper import in_lease
from .watched import SETPOINT, START, START_B, Watched

LABELS = ("waiting", "approved", "unresolved", "left open", "locked out", "authority")


def _told(room: Watched) -> dict[str, str]:
    """What the report says is still open, by label."""
    story = read_story(room.desk.database.journal())
    note_closings(list(story.cases.values()), story.entries)
    paper = Paper()
    write_open(paper, story)
    found: dict[str, str] = {}
    for line in paper.lines[5:]:
        label, text = line[2:16].strip(), line[16:]
        found[label or list(found)[-1]] = text if label else f"{list(found.values())[-1]} {text}"
    return found


async def test_nothing_is_open_where_nothing_is(room: Watched) -> None:
    assert _told(room) == dict.fromkeys(LABELS, "none")
    await room.go_through(START_B)
    assert _told(room) == dict.fromkeys(LABELS, "none")


async def test_what_waits_and_what_nobody_knows_is_named(room: Watched) -> None:
    waiting = room.desk.propose(START).request_id
    unknown = room.approved(SETPOINT)
    room.plant.fault = "answer lost"
    await room.act()
    told = _told(room)
    assert told["waiting"] == f"{waiting}, at most until 2026-11-25 09:20:25.000 UTC (Wednesday)"
    assert told["approved"] == unknown.request_id
    assert told["unresolved"] == f"{unknown.request_id}/c1 is UNKNOWN: PIC-102.sp"
    room.desk.resolve(f"{unknown.request_id}/c1", "resolve-not-applied")
    assert (_told(room)["unresolved"], _told(room)["approved"]) == ("none", "none")
    room.desk.say("reject", room.desk.record(waiting).request, "anna")
    assert _told(room) == dict.fromkeys(LABELS, "none")


async def test_what_a_dead_gate_was_sending_is_named(room: Watched) -> None:
    request = room.approved(START)
    room.plant.on_frame = _killed
    with pytest.raises(Crash):
        await room.act()
    told = _told(room)
    assert told["unresolved"] == f"{request.request_id}/c1 is SENDING: P-101A.run_cmd"


def _killed(_: object) -> None:
    raise Crash


async def test_what_stays_written_is_named_until_it_is_no_more(room: Watched) -> None:
    request = await in_lease(room)
    assert _told(room)["approved"] == f"{request.request_id}, with a lease"
    room.kill_gate()
    await room.start_gate()
    words = f"{request.request_id}/c1: PIC-102.sp = 360 kPa (was 350 kPa)"
    assert _told(room)["left open"] == words
    room.clock.forward(60.0)
    await room.go_through(("PIC-102.sp", 352.0))
    assert _told(room)["left open"] == "none"


async def test_who_may_act_and_what_is_locked_out_is_named(room: Watched) -> None:
    room.desk.lock_out("P-101A")
    room.watch()
    until = give(room.desk.bench, "P-101B", room.clock.now(), lasts_s=600.0)
    told = _told(room)
    assert until == "2026-11-25T09:00:25.000Z"
    assert told["locked out"] == "P-101A, since 2026-11-25 08:50:25.000 UTC (Wednesday)"
    assert told["authority"] == (
        "P-101B: AGENT, agents may act on it too; by anna, until 2026-11-25 09:00:25.000 UTC "
        "(Wednesday)"
    )
    room.clock.forward(601.0)
    room.desk.release("P-101A")
    assert (_told(room)["locked out"], _told(room)["authority"]) == ("none", "none")
    take_over(room.desk.database, room.site, "P-101B", "LOCAL", "carl", room.clock.now())
    words = "P-101B: LOCAL, nobody's requests are carried out there; by carl"
    assert _told(room)["authority"] == words


@pytest.mark.parametrize(
    ("state", "body", "words"),
    [
        ("SENDING", {}, "c1, to be sent from 08:50:25.000 UTC on: SENDING, "),
        ("UNKNOWN", {"sent": True}, "c1, to be sent from 08:50:25.000 UTC on: UNKNOWN, "),
        ("UNKNOWN", {}, "c1, to be sent from 08:50:25.000 UTC on: UNKNOWN, "),
        ("REFUSED", {"sent": False}, "c1 was not sent: REFUSED, "),
        ("REFUSED", {"sent": True}, "c1, sent 08:50:25.000 UTC: REFUSED, "),
        ("MISMATCH", {"sent": True}, "c1, sent 08:50:25.000 UTC: MISMATCH, "),
        ("VERIFIED", {"sent": True}, "c1, sent 08:50:25.000 UTC: VERIFIED, "),
    ],
)
async def test_only_what_is_known_to_have_left_was_sent(
    room: Watched, state: str, body: dict[str, object], words: str
) -> None:
    action = room.desk.propose(START).commands[0]
    at = "2026-11-25T08:50:25.000Z"
    sending = Entry(1, at, "action.SENDING", action.action_id, {"from": "CLAIMED"})
    then = Entry(2, at, f"action.{state}", action.action_id, body)
    assert Told(action, [sending, then]).in_short.startswith(words)


async def test_the_next_shift_is_told_what_did_not_come(room: Watched) -> None:
    terms = Terms(effects=(parse_expectation("PT-102.pv > 900 kPa within 15 s"),))
    room.approved(SETPOINT, terms=terms)
    await room.act()
    room.clock.forward(16.0)
    room.watch()
    summary = summarize(room.desk.bench, "anna", "gina", None, room.clock.now())
    (written,) = (each.lines for each in summary.sections if each.title == "written")
    assert len(written) == 1
    assert written[0].endswith("PIC-102.sp = 360 kPa  VERIFIED  MISSED: PT-102.pv > 900 kPa")
