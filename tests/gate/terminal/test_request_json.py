"""What `handwheel requests show --json` says of a request besides what was filed."""

import json
from typing import Any

from handwheel.hmi.requests.request_view import whole_fields
from handwheel.tools.requests.request import ActionRequest

from ..leases.test_display import picture_of
from ..leases.test_expiry import in_lease
from ..testbed.with_oracle import Watched
from .test_stopped_gate import stopped


def fields_of(room: Watched, request: ActionRequest) -> dict[str, Any]:
    """What `handwheel requests show --json` says."""
    record, now = room.desk.record(request.request_id), room.clock.now()
    fields: dict[str, Any] = json.loads(
        json.dumps(whole_fields(room.desk.decision_context, record, None, now))
    )
    return fields


async def test_programs_read_who_signed_who_is_missing_and_how_long_it_waits(
    room: Watched,
) -> None:
    request = room.desk.propose(("P-101A.mode", 0))
    assert request.quorum == 2
    room.clock.forward(100.0)
    room.desk.approve(request, "anna")
    picture_of(room)
    room.clock.forward(2.0)
    fields = fields_of(room, request)
    (signed,) = fields["signed"]
    assert (signed["person"], fields["still_to_sign"]) == ("anna", 1)
    assert (fields["state"], fields["held"]) == ("PARTIAL", False)
    assert fields["left_s"] == request.within_s - 102.0
    assert room.gate is not None
    assert fields["gate"] == {"running": True, "epoch": room.gate.epoch, "age_s": 2.0}
    room.desk.say("reject", request, "anna")
    after = fields_of(room, request)
    assert (after["still_to_sign"], after["left_s"]) == (0, None)


async def test_programs_read_that_no_gate_is_running_and_what_is_held(room: Watched) -> None:
    request = await stopped(room, "frame leaves")
    fields = fields_of(room, request)
    assert fields["gate"] == {"running": False, "epoch": None, "age_s": None}
    assert (fields["state"], fields["held"]) == ("APPROVED", False)
    await room.start_gate()
    assert fields_of(room, request)["held"] is True


async def test_programs_read_that_a_lease_is_not_kept_without_its_gate(room: Watched) -> None:
    request = await in_lease(room)
    picture_of(room)
    assert fields_of(room, request)["lease"] == {"for_s": 7200.0, "left_s": 7200.0, "kept": True}
    room.clock.forward(6.0)
    lost = {"for_s": 7200.0, "left_s": 7194.0, "kept": False}
    assert fields_of(room, request)["lease"] == lost
    picture_of(room)
    room.desk.say("revoke", request, "anna")
    assert fields_of(room, request)["lease"] == lost
