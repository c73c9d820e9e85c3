"""What was resolved stays so while the policy changes."""
# pyright: reportPrivateUsage=false

from pathlib import Path

import pytest

from handwheel.connectors.model.site import load_site
from handwheel.tools.errors import PermitRefused
from handwheel.tools.guardrails.identity.operators_yaml import operators_text
from handwheel.tools.guardrails.identity.roster import Record
from handwheel.tools.guardrails.ledger.store.states import RequestState
from handwheel.tools.guardrails.signatures.decisions import DecisionRefused, Reason
from handwheel.tools.requests.request import ActionRequest

from ...sites import people
from ..testbed import terminals
from ..testbed.edited_policy import carried_out, ruled_room
from ..testbed.with_oracle import START, START_B, STOP, Watched

ROLES = "roles: {operator: {}, shift-supervisor: {acts_as: [operator]}}"
RENAMED = "roles: {panel: {}, lead: {acts_as: [panel]}}"


async def held(room: Watched) -> ActionRequest:
    """A request whose one command is UNKNOWN, so that its equipment is held."""
    request = await room.carried_out(START, fault="answer lost")
    room.plant.fault = "none"
    assert room.desk.states(request) == ["UNKNOWN"]
    assert (await carried_out(room, STOP))[0].startswith("INVALIDATED: P-101A is held: ")
    assert len(room.plant.frames) == 1
    return request


async def _resolved(folder: Path, person: str) -> tuple[str, str]:
    """A write that somebody has resolved; returns its request and its id."""
    async with ruled_room(folder) as room:
        request = await held(room)
        action_id = request.commands[0].action_id
        assert room.desk.resolve(action_id, "resolve-applied", person) is RequestState.CLOSED
        assert (await carried_out(room, STOP))[0].startswith("VERIFIED")
        return request.request_id, action_id


async def _renamed(folder: Path, *records: Record) -> Watched:
    """The same site with other roles, and a gate at its post."""
    policy = folder / "policy.yaml"
    text = policy.read_text(encoding="utf-8")
    assert text.count(ROLES) == 1
    text = text.replace(ROLES, RENAMED).replace("[operator]", "[panel]")
    policy.write_text(text.replace("[shift-supervisor]", "[lead]"), encoding="utf-8")
    (folder / "operators.yaml").write_text(operators_text([people.boss(), *records]), "utf-8")
    terminals._rules.cache_clear()
    room = Watched(load_site(folder))
    await room.start_gate()
    return room


def _panel() -> list[Record]:
    return [people.record_of(name, "panel") for name in ("anna", "gina", "max")]


@pytest.mark.parametrize("word_of", ["anna", "bert"])
async def test_what_was_resolved_stays_so_when_the_role_has_another_name(
    tmp_path: Path, word_of: str
) -> None:
    request_id, _ = await _resolved(tmp_path, word_of)
    room = await _renamed(tmp_path, *_panel(), people.record_of("bert", "lead"))
    try:
        room.clock.forward(60.0)
        room.plant.values["P-101A.run_cmd"] = True
        assert (await carried_out(room, STOP))[0].startswith("VERIFIED")
        assert len(room.plant.frames) == 1
        assert room.desk.record(request_id).state is RequestState.CLOSED
    finally:
        room.close()


async def test_who_has_no_role_of_then_or_now_resolves_nothing(tmp_path: Path) -> None:
    async with ruled_room(tmp_path) as room:
        action_id = (await held(room)).commands[0].action_id
    viewer = people.record_of("max", "viewer")
    records = [people.record_of(name, "panel") for name in ("anna", "gina")]
    room = await _renamed(tmp_path, *records, viewer)
    try:
        with pytest.raises(
            PermitRefused, match=r"^max has none of the roles that R2 asks for: operator, panel$"
        ):
            room.desk.resolve(action_id, "resolve-applied", "max")
        assert (await carried_out(room, STOP))[0].startswith("INVALIDATED: P-101A is held: ")
        assert (await carried_out(room, START_B))[0].startswith("VERIFIED")  # of other equipment
        room.desk.resolve(action_id, "resolve-not-applied", "anna")
        room.plant.values["P-101A.run_cmd"] = True
        assert (await carried_out(room, STOP))[0].startswith("VERIFIED")
        assert len(room.plant.frames) == 2
    finally:
        room.close()


async def test_what_somebody_has_resolved_stays_so_when_they_have_left(tmp_path: Path) -> None:
    async with ruled_room(tmp_path) as room:
        request = await held(room)
        room.desk.resolve(request.commands[0].action_id, "resolve-applied", "bert")
        room.desk.revoke_key("bert")
        _enrol(room, people.boss(), people.record_of("gina"), people.record_of("anna"))
        await room.restart_gate()
        assert (await carried_out(room, STOP))[0].startswith("VERIFIED")
        assert len(room.plant.frames) == 2


def _enrol(room: Watched, *records: Record) -> None:
    """Writes the list of people; a terminal that is open has read another."""
    (room.site.root / "operators.yaml").write_text(operators_text(records), encoding="utf-8")


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
