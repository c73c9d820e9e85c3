"""How much people are asked, where somebody has written into the ledger what they were told."""

import pytest

from handwheel.tools.guardrails.approval.request_limits import REFUSED, TooManyRequests
from handwheel.tools.requests.request import ActionRequest

from ....attacks.sql_shell import shell_of, without_triggers, write_text
from ....gate.testbed.with_oracle import START, START_B, Watched

PAUSE_S = 600.0


def _write(room: Watched, statement: str, *values: object) -> None:
    with shell_of(room.site.state) as shell, without_triggers(shell):
        assert shell.execute(statement, values).rowcount == 1


def _rejected(room: Watched, by: str = "anna") -> ActionRequest:
    request = room.desk.propose(START)
    room.desk.say("reject", request, by)
    return request


def _refusal(room: Watched) -> str:
    """Why people are not asked the same again; the journal says so too."""
    with pytest.raises(TooManyRequests) as refused:
        room.desk.propose(START)
    assert room.rows(REFUSED)[-1]["reason"] == str(refused.value)
    return str(refused.value)


def test_a_rejected_request_that_nobody_can_read_is_like_none(spare: Watched) -> None:
    request = _rejected(spare)
    assert f"the same was rejected 0 s ago ({request.request_id})" in _refusal(spare)
    write_text(spare.site.state, request.request_id, "{}")
    spare.desk.propose(START)


def test_who_has_ended_a_request_is_not_told_by_words_that_nobody_can_read(spare: Watched) -> None:
    withdrawn = _rejected(spare, by="gina")
    again = spare.desk.propose(START)  # gina has ended her own: nobody has said no
    spare.desk.say("revoke", again, "gina")
    statement = "UPDATE decision SET text = '{}' WHERE request_id = ? AND verdict = 'reject'"
    _write(spare, statement, withdrawn.request_id)
    assert f"({withdrawn.request_id}): it may be asked for again in 10 min" in _refusal(spare)
    spare.desk.propose(START_B)


@pytest.mark.parametrize("place", ["at", "boot_s", ""])
def test_a_rejection_of_an_unknown_time_is_a_new_one(spare: Watched, place: str) -> None:
    request = _rejected(spare)
    spare.clock.forward(PAUSE_S - 1.0)
    assert "the same was rejected 9 min 59 s ago" in _refusal(spare)
    if not place:
        spare.clock.forward(2.0)
        spare.desk.propose(START)
        return
    statement = f"UPDATE journal SET text = json_set(text, '$.{place}', 'once') WHERE kind = ?"
    _write(spare, statement, "request.REJECTED")
    spare.clock.forward(2.0 * PAUSE_S)
    assert f"the same was rejected 0 s ago ({request.request_id})" in _refusal(spare)
