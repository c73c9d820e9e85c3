"""Requests that are not what was filed, or not what filing would have made of them."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from handwheel.tools.errors import PermitRefused
from handwheel.tools.guardrails.ledger.store.states import ActionState
from handwheel.tools.guardrails.signatures.decisions import Reason
from handwheel.tools.requests.canonical import digest

from ...attacks.cases import tried
from ...attacks.sql_shell import without_triggers
from ..testbed.served import World

START = "P-101B.run_cmd=true"
CHANGED = "{} was changed; start the gate again and ask again"
Draft = dict[str, Any]


def rewrite(world: World, name: str, text: str, mark: str) -> None:
    """Puts another text under a request, as somebody who may write to the file would."""
    guards = "request_is_fixed", "request_moves"
    with world.raw() as connection, without_triggers(connection, *guards):
        connection.execute(
            "UPDATE request SET text = ?, digest = ? WHERE request_id = ?", (text, mark, name)
        )


@pytest.mark.way_in("C1")
@pytest.mark.parametrize(
    ("is_digest_altered", "reason"),
    [(False, "its digest differs"), (True, str(Reason.OTHER_DIGEST))],
)
@pytest.mark.parametrize("is_approved_before", [True, False])
async def test_an_altered_value_is_not_sent(
    world: World, *, is_digest_altered: bool, reason: str, is_approved_before: bool
) -> None:
    record, card = await world.ask(START)
    signed = world.sign(record.request, card)
    text = record.text.replace('"value":true', '"value":false').replace("ff00", "0000")
    assert text != record.text
    if is_approved_before:
        world.decide(signed, card)
    rewrite(
        world,
        record.request.request_id,
        text,
        digest("request", text) if is_digest_altered else record.digest,
    )
    if not is_approved_before:
        world.refused(signed, card, Reason.OTHER_DIGEST)
        world.force(record, (signed, card))
    assert reason in await world.stopped(record)
    await world.go_through(START)


async def test_a_request_that_is_written_back_as_it_was_goes_through(world: World) -> None:
    record = await world.approved(START)
    rewrite(world, record.request.request_id, record.text, record.digest)
    await world.carried_out(record)


def command(**fields: Any) -> Callable[[Draft], object]:
    return lambda draft: draft["commands"][0].update(fields)


def device(**fields: Any) -> Callable[[Draft], object]:
    return lambda draft: draft["commands"][0]["identity"].update(fields)


def top(**fields: Any) -> Callable[[Draft], object]:
    return lambda draft: draft.update(fields)


def without(field: str) -> Callable[[Draft], object]:
    return lambda draft: draft["commands"][0].pop(field)


MADE_UP: Mapping[str, tuple[Callable[[Draft], object], str]] = {
    "bytes for the other value": (command(wire="010500140000"), "other bytes"),
    "another unit is shown": (command(unit="kPa"), "its unit is "),
    "another address": (command(address="coil 0 bit"), "its address is coil 20"),
    "another type": (command(type="int"), "its type is bool"),
    "a number for a switch": (command(value=1), "no value that a bool"),
    "other equipment": (
        lambda draft: (
            command(equipment="E-101")(draft),
            top(locks={"site": 0, "E-101": 0})(draft),
        ),
        "its equipment is P-101B",
    ),
    "no read-back": (without("readback"), "its readback is P-101B.run_cmd"),
    "the read-back of the other pump": (
        command(readback="P-101A.run_cmd"),
        "its readback is P-101B.run_cmd",
    ),
    "a safety tag": (command(tag="I-01.active"), "safety system"),
    "another device": (device(where="modbus://127.0.0.1:1/1"), "not the one that was approved"),
    "a device of another name": (device(name="Acme"), "not the one that was approved"),
    "nobody's role": (top(roles=["shift-supervisor"]), "more must sign"),
    "another policy": (
        lambda draft: draft["hashes"].update(site="0" * 64, policy="0" * 64),
        "site.yaml, policy.yaml: each was changed",
    ),
}
"""All others come with the flood."""
WAYS = {
    "bytes for the other value": "C1",
    "another unit is shown": "C2",
    "another type": "C5",
    "another address": "C6",
    "a number for a switch": "C13",
    "another device": "C11",
    "a device of another name": "C11",
}


@pytest.mark.parametrize(("change", "reason"), tried(MADE_UP, WAYS))
async def test_what_was_made_up_is_not_sent_though_people_sign_it(
    world: World, change: Callable[[Draft], object], reason: str
) -> None:
    """A person can be shown nonsense, and sign it; the gate makes up its own mind."""
    honest, _ = await world.ask(START)
    made_up = world.file_altered(honest.request, change)
    world.sign_through(made_up, "dora")
    assert reason in await world.stopped(made_up)

    unaltered = world.file_altered(honest.request, lambda draft: None)
    world.sign_through(unaltered, "dora")
    await world.carried_out(unaltered)


async def test_a_request_that_only_names_a_person_is_not_that_persons(world: World) -> None:
    honest, _ = await world.ask(START)
    posed = world.file_altered(honest.request, lambda draft: draft, is_signed=False)
    world.sign_through(posed)
    assert await world.stopped(posed) == "anna has not signed the request that names them"
    signed = world.file_altered(honest.request, lambda draft: draft)
    world.sign_through(signed)
    assert (await world.end(signed)).action is ActionState.VERIFIED


async def test_a_lockout_stops_a_request_that_names_other_equipment(world: World) -> None:
    """The tag says whose it is, not the request."""
    honest, _ = await world.ask(START)
    await world.go_through("PIC-102.sp=355")
    world.lock("P-101B")
    made_up = world.file_altered(honest.request, MADE_UP["other equipment"][0])
    world.sign_through(made_up)
    assert "its equipment is P-101B" in await world.stopped(made_up, frames=1)


async def test_a_request_of_another_site_is_not_carried_out_here(world: World) -> None:
    honest, _ = await world.ask(START)
    foreign = world.file_altered(honest.request, top(site="elsewhere"))
    shown = world.card(foreign)
    signed = world.sign(foreign.request, shown, site="elsewhere")
    world.refused(signed, shown, Reason.OTHER_SITE)
    world.force(foreign, (signed, shown))
    assert await world.stopped(foreign) == "the request is another site's"
    await world.go_through(START)


def exchange_coils(world: World) -> None:
    path, swap = world.site.root / "tags.yaml", {"0": "20", "20": "0"}
    pattern = r"(P-101[AB]\.run_cmd:.*address: )(\d+)"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(pattern, lambda found: found[1] + swap[found[2]], text), "utf-8")


@pytest.mark.parametrize(
    "file",
    [
        "site.yaml",
        pytest.param("tags.yaml", marks=pytest.mark.way_in("C8")),
        pytest.param("policy.yaml", marks=pytest.mark.way_in("C9")),
    ],
)
async def test_a_file_that_changes_after_the_approval_stops_it(world: World, file: str) -> None:
    record = await world.approved(START)
    world.edit(file, r"\Z", "# as before\n")
    assert await world.stopped(record) == CHANGED.format(file)
    await world.stop()
    await world.start()
    await world.go_through(START)


@pytest.mark.parametrize("file", ["site.yaml", "tags.yaml", "policy.yaml"])
async def test_a_file_that_the_gate_has_not_read_is_told_before_anybody_signs(
    world: World, file: str
) -> None:
    record = await world.propose(START)
    world.edit(file, r"\Z", "# as before\n")
    world.reload()
    told = CHANGED.format(file)
    assert told in world.card(record).problems
    with pytest.raises(PermitRefused, match=re.escape(told)):
        await world.propose(START)
    await world.stop()
    await world.start()
    assert told in world.card(record).problems  # it was asked for with the file of before
    await world.go_through(START)


@pytest.mark.usefixtures("plant")
@pytest.mark.way_in("C6")
@pytest.mark.way_in("C8")
async def test_two_coils_exchanged_in_the_tag_map_do_not_exchange_two_pumps(world: World) -> None:
    record, card = await world.ask(START)
    await world.stop()
    exchange_coils(world)
    await world.start()
    world.decide(world.sign(record.request, card), card)
    assert await world.stopped(record) == CHANGED.format("tags.yaml")
    exchange_coils(world)
    await world.stop()
    await world.start()
    await world.go_through(START)


@pytest.mark.way_in("C9")
async def test_a_stricter_policy_counts_for_what_was_filed_before(world: World) -> None:
    record, card = await world.ask(START)
    await world.stop()
    world.edit(
        "policy.yaml", r"(forbid:\n)", r"\1  - {tags: [P-101B.run_cmd], reason: under repair}\n"
    )
    await world.start()
    world.decide(world.sign(record.request, card), card)
    assert await world.stopped(record) == "forbidden: under repair"
    await world.go_through("PIC-102.sp=355")
