"""Each check of the gate is needed: an attack that it stops goes through without it.

The steps after the checks stand in `test_each_step`.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from handwheel.connectors.actuation.permit import Permit, permit_clock_s
from handwheel.tools.guardrails.gate.state.execution import Execution, GateStep
from handwheel.tools.guardrails.gate.steps import intent
from handwheel.tools.guardrails.gate.steps import step_order as steps
from handwheel.tools.guardrails.ledger.records import RequestRecord
from handwheel.tools.guardrails.ledger.store.states import ActionState

from ..testbed.served import World

START = "P-101B.run_cmd=true"
Attack = Callable[[World], Awaitable[tuple[RequestRecord, int]]]


async def wave_through(_: Execution) -> None:
    """Looks at nothing."""


async def open_only(execution: Execution) -> None:
    """Opens the write session, and does not look who is behind it."""
    context = execution.context
    execution.write_session = await context.open_write_session(
        context.site, execution.action.connection, [execution.tag]
    )


async def look_at_nothing(execution: Execution) -> None:
    """Takes the time of a look, as the budget needs it, and judges nothing."""
    execution.read_at, execution.read_s = execution.context.clock(), permit_clock_s()


MUTANTS: Mapping[str, GateStep] = {"open_device": open_only, "check_plant": look_at_nothing}


async def made_up(
    world: World, change: Callable[[dict[str, Any]], object], **more: Any
) -> RequestRecord:
    """What a program filed, and a person signed without understanding it."""
    honest, _ = await world.ask(START)
    record = world.file_altered(honest.request, change)
    card = world.card(record)
    world.force(record, (world.sign(record.request, card, "dora", **more), card))
    return record


async def another_gate_may_have_the_lock(world: World) -> tuple[RequestRecord, int]:
    record = await world.approved(START)
    lock = world.site.state / "gate.lock"
    lock.unlink()
    lock.touch()
    return record, 1


async def it_is_another_sites(world: World) -> tuple[RequestRecord, int]:
    change = {"site": "elsewhere"}
    return await made_up(world, lambda draft: draft.update(change), **change), 1


async def nobody_signed(world: World) -> tuple[RequestRecord, int]:
    record, _ = await world.ask(START)
    world.force(record)
    return record, 1


async def its_second_half_comes_too_late(world: World) -> tuple[RequestRecord, int]:
    """Half an hour passes while the first command is read back."""
    record, card = await world.ask("PIC-102.sp=355", START)

    def pass_half_an_hour(_: Permit) -> None:
        world.clock.ahead_s = 1800.0
        world.on_sent = lambda permit: None

    world.on_sent = pass_half_an_hour
    world.approve(record, card)
    assert (await world.end(record)).action is ActionState.VERIFIED
    return record, 2


async def it_names_a_lower_class(world: World) -> tuple[RequestRecord, int]:
    return await made_up(world, lambda draft: draft.update(risk_class="R1")), 1


async def the_tag_map_was_changed(world: World) -> tuple[RequestRecord, int]:
    record = await world.approved(START)
    world.edit("tags.yaml", "(P-101B.run_cmd:.*)address: 20,", r"\1address: 99,")
    return record, 1


async def somebody_works_there(world: World) -> tuple[RequestRecord, int]:
    record = await world.approved(START)
    with world.raw() as connection:
        connection.execute(
            "INSERT INTO authority VALUES ('P-101B', 1, 'MAINTENANCE', 'carl', NULL)"
        )
    return record, 1


async def somebody_was_faster(world: World) -> tuple[RequestRecord, int]:
    record, card = await world.ask(START)
    signed = world.sign(record.request, card)
    world.server.simulation.plant.write("P-101B.run_cmd", value=True)
    await world.server.step()
    world.decide(signed, card)
    return record, 1


async def its_bytes_say_something_else(world: World) -> tuple[RequestRecord, int]:
    """The person reads true; the bytes say false."""
    return await made_up(world, lambda draft: draft["commands"][0].update(wire="010500140000")), 1


ATTACKS: Mapping[str, tuple[Attack, str]] = {  # with the pattern of its reason
    "check_gate": (another_gate_may_have_the_lock, "another gate has started since"),
    "check_request": (it_is_another_sites, "another site's"),
    "check_signatures": (nobody_signed, "not enough people have approved"),
    "check_validity": (its_second_half_comes_too_late, r"the approval is 18\d\d s old"),
    "check_policy": (it_names_a_lower_class, "more must sign"),
    "check_configuration": (the_tag_map_was_changed, "tags.yaml was changed"),
    "check_interlocks": (somebody_works_there, "P-101B is MAINTENANCE"),
    "check_plant": (somebody_was_faster, "false was expected"),
    "check_encoding": (its_bytes_say_something_else, "other bytes than those that were approved"),
}


def without(name: str) -> tuple[GateStep, ...]:
    return tuple(
        MUTANTS.get(name, wave_through) if each.__name__ == name else each for each in steps.STEPS
    )


def test_there_is_an_attack_for_every_check() -> None:
    names = [each.__name__ for each in steps.STEPS]
    assert names.index("commit_intent") == 10
    assert {*ATTACKS, "open_device"} == set(names[:10])


@pytest.mark.parametrize("is_checked", [True, False])
@pytest.mark.parametrize("name", ATTACKS)
async def test_only_this_check_stops_this_attack(
    world: World, name: str, monkeypatch: pytest.MonkeyPatch, *, is_checked: bool
) -> None:
    if not is_checked:
        monkeypatch.setattr(steps, "STEPS", without(name))
        if name == "check_validity":  # it is asked once more
            monkeypatch.setattr(intent, name, wave_through)
    attack, reason = ATTACKS[name]
    record, number = await attack(world)
    end = await world.end(record, number)
    wires = [each.wire for each in record.request.commands]
    if is_checked:
        assert end.action is ActionState.INVALIDATED
        assert re.search(reason, end.reason)
        assert world.frames == wires[: number - 1]
    else:
        assert end.action is ActionState.VERIFIED
        assert world.frames == wires[:number]


@pytest.mark.way_in("C11")
@pytest.mark.usefixtures("plant")
@pytest.mark.parametrize("is_checked", [True, False])
async def test_behind_the_device_check_the_session_checks_too(
    world: World, monkeypatch: pytest.MonkeyPatch, *, is_checked: bool
) -> None:
    """The eighth check cannot be taken away alone: the session compares the permit's device again.

    Each says so in its own words, and neither sends anything.
    """
    if not is_checked:
        monkeypatch.setattr(steps, "STEPS", without("open_device"))
    with monkeypatch.context() as patch:
        record, card = await world.ask(START)
        patch.setattr(
            "handwheel.sim_plant.server.modbus.identification._REVISION", b"another plant"
        )
        world.approve(record, card)
        end = await world.end(record)
    told = "the device is not the one that was approved: Handwheel cw-100 another"
    assert told.removesuffix("" if is_checked else ": Handwheel cw-100 another") in end.reason
    assert end.action is (ActionState.INVALIDATED if is_checked else ActionState.REFUSED)
    assert world.frames == []
    await world.go_through(START)
