"""Who resolves an outcome after the roles, or the list of people, have changed."""
# pyright: reportPrivateUsage=false

from contextlib import closing
from pathlib import Path

import pytest

from handwheel.connectors.model.site import load_site
from handwheel.tools.errors import PermitRefused
from handwheel.tools.guardrails.identity.operators_yaml import operators_text
from handwheel.tools.guardrails.identity.roster import Record
from handwheel.tools.guardrails.signatures.decisions import DecisionRefused, Reason
from handwheel.tools.requests.request import ActionRequest

from ...sites import people
from ..testbed import terminals
from ..testbed.edited_policy import carried_out, ruled_room
from ..testbed.with_oracle import START, START_B, STOP, Watched

ROLES = "roles: {operator: {}, shift-supervisor: {acts_as: [operator]}}"
RENAMED = "roles: {panel: {}, shift-supervisor: {acts_as: [panel]}}"


async def held(room: Watched) -> ActionRequest:
    """A request whose one command is UNKNOWN, so that its equipment is held."""
    request = await room.carried_out(START, fault="answer lost")
    room.plant.fault = "none"
    assert room.desk.states(request) == ["UNKNOWN"]
    assert (await carried_out(room, STOP))[0].startswith("INVALIDATED: P-101A is held: ")
    assert len(room.plant.frames) == 1
    return request


async def test_who_has_no_role_of_then_or_now_resolves_nothing(tmp_path: Path) -> None:
    async with ruled_room(tmp_path) as room:
        action_id = (await held(room)).commands[0].action_id
    policy = tmp_path / "policy.yaml"
    text = policy.read_text(encoding="utf-8").replace(ROLES, RENAMED)
    policy.write_text(text.replace("[operator]", "[panel]"), encoding="utf-8")
    _enrol(
        room, people.boss(), people.record_of("anna", "panel"), people.record_of("max", "viewer")
    )
    terminals._rules.cache_clear()
    room = Watched(load_site(tmp_path))
    with closing(room):
        with pytest.raises(
            PermitRefused, match=r"^max has none of the roles that R2 asks for: operator, panel$"
        ):
            room.desk.resolve(action_id, "resolve-applied", "max")
        assert room.desk.record(action_id).actions[0].state == "UNKNOWN"
        room.desk.resolve(action_id, "resolve-not-applied", "anna")
        assert room.desk.record(action_id).actions[0].state == "RESOLVED_NOT_APPLIED"


def _enrol(room: Watched, *records: Record) -> None:
    """Writes the list of people; a terminal that is open has read another."""
    (room.site.root / "operators.yaml").write_text(operators_text(records), encoding="utf-8")


@pytest.mark.way_in("A6")
@pytest.mark.way_in("P15")
async def test_who_was_taken_off_the_list_says_nothing_at_a_terminal_that_was_open(
    tmp_path: Path,
) -> None:
    async with ruled_room(tmp_path) as room:
        request = await held(room)
        action_id, waiting = request.commands[0].action_id, room.desk.propose(START_B)
        others = [people.boss(), people.record_of("gina"), people.record_of("bert")]
        _enrol(room, *others)
        with pytest.raises(DecisionRefused, match=str(Reason.UNKNOWN_KEY)):
            room.desk.resolve(action_id, "resolve-not-applied")
        with pytest.raises(DecisionRefused, match=str(Reason.UNKNOWN_KEY)):
            room.desk.approve(waiting)
        reasons = [each["reason"] for each in room.rows("decision.refused")]
        assert reasons == [Reason.UNKNOWN_KEY] * 2
        assert room.desk.states(request) == ["UNKNOWN"]
        await room.go_round()
        assert len(room.plant.frames) == 1

        _enrol(room, *others, people.record_of("anna"))
        room.desk.resolve(action_id, "resolve-not-applied")
        assert room.desk.states(request) == ["RESOLVED_NOT_APPLIED"]
        room.plant.values["P-101A.run_cmd"] = False
        assert (await carried_out(room, START))[0].startswith("VERIFIED")
        assert len(room.plant.frames) == 2
