"""Requests that are not what was filed, or not what filing would have made of them."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from handwheel.tools.errors import PermitRefused

from ..testbed.served import World

START = "P-101B.run_cmd=true"
CHANGED = "{} was changed since the request was made: ask again"
STALE_GATE = "{} was changed, and the gate still has the old one: stop it; next: handwheel gate"
Draft = dict[str, Any]


def command(**fields: Any) -> Callable[[Draft], object]:
    return lambda draft: draft["commands"][0].update(fields)


def other_equipment(draft: Draft) -> None:
    command(equipment="E-101")(draft)
    draft["locks"] = {"site": 0, "E-101": 0}


MADE_UP: Sequence[tuple[Callable[[Draft], object], str]] = (
    (command(wire="010500140000"), "other bytes"),
    (command(unit="kPa"), "its unit is "),
    (command(address="coil 0 bit"), "its address is coil 20"),
    (command(type="int"), "its type is bool"),
    (command(value=1), "no value that a bool"),
    (other_equipment, "its equipment is P-101B"),
    (lambda draft: draft["commands"][0].pop("readback"), "its readback is P-101B.run_cmd"),
    (command(tag="I-01.active"), "safety system"),
    (
        lambda draft: draft["commands"][0]["identity"].update(where="modbus://127.0.0.1:1/1"),
        "not the one that was approved",
    ),
)
"""All others come with the flood."""


@pytest.mark.way_in("C1")
@pytest.mark.way_in("C2")
@pytest.mark.way_in("C5")
@pytest.mark.way_in("C6")
@pytest.mark.way_in("C11")
@pytest.mark.way_in("C13")
async def test_what_was_made_up_is_not_sent_though_people_sign_it(world: World) -> None:
    """A person can be shown nonsense, and sign it; the gate makes up its own mind."""
    honest, _ = await world.ask(START)
    for change, reason in MADE_UP:
        made_up = world.file_altered(honest.request, change)
        world.sign_through(made_up, "dora")
        assert reason in await world.stopped(made_up), reason
    unaltered = world.file_altered(honest.request, lambda draft: None)
    world.sign_through(unaltered, "dora")
    await world.carried_out(unaltered)


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
    """Whoever is asked, or asks, is told of it before they sign."""
    waiting, record = await world.propose("PIC-102.sp=355"), await world.approved(START)
    world.edit(file, r"\Z", "# as before\n")
    told, stale = CHANGED.format(file), STALE_GATE.format(file)
    assert await world.stopped(record) == f"{told}; {stale}"
    world.reload()
    assert f"{told}; {stale}" in world.card(waiting).problems
    with pytest.raises(PermitRefused, match=f"^{re.escape(stale)}$"):
        await world.propose(START)
    await world.stop()
    await world.start()
    assert told in world.card(waiting).problems  # it was asked for with the file of before
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
