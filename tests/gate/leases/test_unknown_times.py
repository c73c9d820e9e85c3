"""A row of the journal that does not say when: a lease counts from it as from an unknown moment."""

from collections.abc import Mapping

import pytest

from handwheel.hmi.requests.write_followup import notes_on_requests
from handwheel.tools.guardrails.ledger.journal_rows import UNKNOWN, moment_of
from handwheel.tools.guardrails.ledger.write_leases import left_s, written

from ...attacks.sql_shell import append_row
from ..testbed.with_oracle import Watched
from .test_expiry import in_lease

ODD: Mapping[str, Mapping[str, object]] = {
    "no time": {"at": None},
    "no boot clock": {"boot_s": None},
    "no boot": {"boot_id": None},
    "a time that is a number": {"at": 5},
    "a boot clock that is a text": {"boot_s": "x"},
    "a boot clock beyond all numbers": {"boot_s": 1e308},
    "a boot that is a list": {"boot_id": ["boot-1"]},
}


def append(
    room: Watched, kind: str, subject: str, change: Mapping[str, object], body: object
) -> None:
    append_row(room.desk.database, room.clock.now(), kind, subject, body, change)


@pytest.mark.parametrize("what", ODD)
async def test_a_lease_since_nobody_knows_when(room: Watched, what: str) -> None:
    request = await in_lease(room)
    database, now = room.desk.database, room.clock.now()
    states = {each.action_id: each.state for each in room.desk.record(request.request_id).actions}
    assert left_s(database, request, states, now) == pytest.approx(7200.0, abs=60.0)
    append(room, "action.VERIFIED", f"{request.request_id}/c1", ODD[what], {})
    assert written(database, request, states) == UNKNOWN
    assert left_s(database, request, states, now) is None  # and never 0: that it is over
    assert now.since_s(UNKNOWN) is None
    (notes,) = notes_on_requests(database, None, now).values()
    assert any("its lease" in each and "left" not in each for each in notes)


@pytest.mark.parametrize("text", ["", "[]", "5", "{}", "{ }", chr(34) * 3])
def test_what_is_no_row_says_no_moment(text: str) -> None:
    assert moment_of(text) == UNKNOWN
