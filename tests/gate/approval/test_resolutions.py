"""What was resolved stays so while the policy changes; what lapses can be signed anew."""
# pyright: reportPrivateUsage=false

from pathlib import Path

import pytest

from handwheel.connectors.model.site import load_site
from handwheel.hmi.processes import gate
from handwheel.hmi.requests.write_followup import unsigned_lines
from handwheel.hmi.shift.summary import summarize
from handwheel.tools.errors import PermitRefused
from handwheel.tools.guardrails.identity.operators_yaml import operators_text
from handwheel.tools.guardrails.identity.roster import Record
from handwheel.tools.guardrails.ledger.store.states import RequestState

from ...attacks.sql_shell import shell_of
from ...sites import people
from ..forgery.test_forged_history import NO_WORD, SETTLED, held
from ..testbed import terminals
from ..testbed.edited_policy import carried_out, ruled_room
from ..testbed.with_oracle import START_B, STOP, Watched

ROLES = "roles: {operator: {}, shift-supervisor: {acts_as: [operator]}}"
RENAMED = "roles: {panel: {}, lead: {acts_as: [panel]}}"


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
async def test_what_was_resolved_in_a_role_that_has_another_name_now(
    tmp_path: Path, word_of: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The role that was asked for counts as itself; one that only stood in for it does no more."""
    request_id, action_id = await _resolved(tmp_path, word_of)
    room = await _renamed(tmp_path, *_panel(), people.record_of("bert", "lead"))
    try:
        room.clock.forward(60.0)
        if word_of == "bert":
            (end,) = await carried_out(room, STOP)
            assert end.startswith(f"INVALIDATED: P-101A is held: {action_id} is RESOLVED_APPLIED")
            assert NO_WORD in end
            assert room.plant.frames == []
            (line,) = unsigned_lines(room.desk.decision_context)
            gate.print_open(room.desk.decision_context, as_json=False)
            assert capsys.readouterr().out.splitlines() == [line]
            summary = summarize(room.desk.decision_context, "anna", "bert", None, room.clock.now())
            (section,) = [each for each in summary.sections if each.title.startswith("under way")]
            assert section.lines == [line]
            room.desk.resolve(action_id, "resolve-applied", "max")
        assert unsigned_lines(room.desk.decision_context) == []
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


async def test_a_word_on_what_somebody_settled_in_the_table_closes_the_request(
    room: Watched,
) -> None:
    request = await held(room)
    with shell_of(room.site.state) as shell:
        shell.execute(SETTLED, (request.commands[0].action_id,))
    assert room.desk.record(request.request_id).state is RequestState.APPROVED
    state = room.desk.resolve(request.commands[0].action_id, "resolve-applied")
    assert state is RequestState.CLOSED
    assert room.desk.record(request.request_id).reason == "resolved by anna"
    assert len(room.plant.frames) == 1
    assert (await carried_out(room, STOP))[0].startswith("VERIFIED")
