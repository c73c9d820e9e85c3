"""People at the gate: roles lost, approval by a script, and a no that comes first."""

from datetime import timedelta

import pytest

from handwheel.tools.errors import PermitRefused
from handwheel.tools.guardrails.identity.roster import Record
from handwheel.tools.guardrails.ledger.store.states import ActionState, RequestState
from handwheel.tools.guardrails.signatures.decisions import Reason, meaning_of
from handwheel.tools.requests.timestamps import instant_now

from ...sites.on_disk import PEOPLE, enrolled
from ...sites.people import record_of
from ..testbed.served import World

START = "P-101B.run_cmd=true"


def people(world: World, **changed: Record | None) -> None:
    """Writes everybody anew, some of them otherwise, some not at all."""
    records = (changed.get(person, enrolled(world.site, person)) for person in PEOPLE)
    world.enrol(*filter(None, records))


@pytest.mark.way_in("A8")
@pytest.mark.way_in("P3")
async def test_a_person_who_is_taken_off_the_list_approves_nothing(world: World) -> None:
    an_hour = timedelta(hours=1)
    began = instant_now().wall.replace(microsecond=0) - 2 * an_hour
    over = record_of("ben", issuer="root", start=began, valid=an_hour, site_id=world.site.id)
    for ben, why in (
        (None, Reason.UNKNOWN_KEY),
        (enrolled(world.site, "ben", "fitter"), Reason.ROLE_NOT_HELD),
        (over, Reason.KEY_NOT_VALID),
    ):
        record = await world.approved(START, by="ben")
        people(world, ben=ben)
        assert f"ben: {why}" in await world.stopped(record)
        people(world)
    record = await world.approved(START)
    world.edit("operators.yaml", "operators:", "operators")
    assert "operators.yaml" in await world.stopped(record)
    people(world)
    await world.go_through(START)


async def test_a_script_approves_a_simulator_where_the_policy_says_so(idle: World) -> None:
    world = idle
    world.edit("policy.yaml", "unattended: never", "unattended: simulated")
    await world.start()
    honest, shown = await world.ask(START)
    by_script = world.sign(honest.request, shown, attended=False)
    record = world.file_altered(
        honest.request,
        lambda draft: draft["commands"][0]["identity"].update(is_simulator=False),
    )
    card = world.card(record)
    signed = world.sign(record.request, card, attended=False)
    world.refused(signed, card, Reason.UNATTENDED)
    world.force(record, (signed, card))
    assert "a script approved it" in await world.stopped(record)
    assert world.decide(by_script, shown) is RequestState.APPROVED
    await world.carried_out(honest)


@pytest.mark.way_in("A9")
@pytest.mark.way_in("P12")
async def test_a_rejection_that_came_first_wins(world: World) -> None:
    record, card = await world.ask(START)
    signed = world.sign(record.request, card)
    meaning = meaning_of("reject", record.request)
    no = world.sign(
        record.request, None, "carl", verdict="reject", meaning=meaning, comment="not now"
    )
    assert world.decide(no, None) is RequestState.REJECTED
    with pytest.raises(PermitRefused, match="REJECTED"):
        world.decide(signed, card)
    assert world.state(record) == (RequestState.REJECTED, ActionState.CANCELLED)
    assert world.journal("request.REJECTED")[-1]["reason"] == "rejected by carl: not now"
    assert world.frames == []
    await world.go_through("PIC-102.sp=355")  # the same may not be asked for again so soon
