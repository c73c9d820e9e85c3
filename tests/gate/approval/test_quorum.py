"""Approvals that somebody wrote into the ledger by hand: the gate counts people, not rows."""

import pytest

from handwheel.tools.guardrails.ledger.lifecycle import file_request
from handwheel.tools.guardrails.signatures.decisions import Reason

from ...attacks.sql_shell import forge_approvals
from ..forgery.test_forged_requests import MODE, insert, watch
from ..testbed.with_oracle import Watched


@pytest.mark.parametrize(
    ("people", "reason"),
    [
        (["anna", "bert"], None),
        (["anna", "anna"], Reason.SAME_PERSON),
        (["anna", "gina"], Reason.OWN_REQUEST),
    ],
    ids=["two people", "one person twice", "who asked for it"],
)
async def test_two_rows_are_not_two_people(
    room: Watched, people: list[str], reason: Reason | None
) -> None:
    """Two must sign: the rule is not commissioned the mode. Each row has its own good signature."""
    request, _ = room.desk.request([MODE])
    assert request.quorum == 2
    assert file_request(room.desk.database, request, "", room.clock.now())
    insert(room, request, room.desk.signed("propose", request, "gina"), "propose")
    for person in people:
        insert(room, request, room.desk.signed("approve", request, person), "approve")
    watch(room, request, *people)
    assert forge_approvals(room.site.state / "ledger.db", room.clock.now())
    await room.act()
    assert room.desk.states(request) == ["INVALIDATED" if reason else "VERIFIED"]
    assert reason is None or f"{people[-1]}: {reason}" in room.reason(request)
    assert len(room.plant.frames) == (reason is None)
