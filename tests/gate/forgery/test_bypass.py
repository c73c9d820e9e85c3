"""Round the approval at a real plant: the write session, readers' sessions, services, names."""

import os
from typing import Any

import pytest
from asyncua import ua
from asyncua.ua import ua_binary
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.uaerrors import UaStatusCodeError

from handwheel.connectors.actuation.permit import Permit, permit_clock_s
from handwheel.connectors.actuation.write_session import NO_INTENT, open_write_session
from handwheel.connectors.errors import ConfigError, WriteRefused
from handwheel.connectors.model.endpoints import OpcuaConnection
from handwheel.connectors.opcua.connector import OpcuaConnector
from handwheel.tools.guardrails.ledger.records import RequestRecord
from handwheel.tools.guardrails.ledger.store.states import ActionState, RequestState

from ...sim_plant.server.modbus.modbus_wire import wire
from ...sites.on_disk import End
from ..testbed.audited import complaints
from ..testbed.served import World

pytestmark = pytest.mark.usefixtures("plant")

START, SETPOINT = "P-101B.run_cmd=true", "PIC-102.sp=355"
NODE = ua.NodeId(ua.String("PIC-102.sp"), ua.Int16(1))


@pytest.mark.way_in("A1")
async def test_a_write_session_without_the_gate_moves_nothing(world: World) -> None:
    """A program with the site's files, but without a permit that the journal knows of."""
    for name, value in (("P-101B.run_cmd", True), ("PIC-102.sp", 355.0)):
        tag = world.site.tags[name]
        session = await open_write_session(world.site, tag.connection, [tag])
        bytes_ = session.encoder.encode(tag, value).wire
        until_s = permit_clock_s() + 5.0
        permit = Permit(
            "R-7K3MQ2XA/c1", tag, bytes_, session.encoder.identity, until_s, intent_seq=0
        )
        with pytest.raises(WriteRefused, match=NO_INTENT.reason) as refused:
            await session.send(permit)
        assert refused.value.was_sent is False
        await session.close()
    assert world.frames == []
    with world.ledger() as database:
        kinds = {row.fields["kind"] for row in database.journal()}
    assert kinds == {"ledger.created", "gate.started"}
    await world.go_through(START)


@pytest.mark.way_in("A1")
async def test_a_readers_session_writes_nothing(world: World) -> None:
    """What `handwheel run` holds: the port and the account of a viewer."""
    config = world.site.connections["dcs"]
    assert isinstance(config, OpcuaConnection)
    async with wire(world.server.modbus.port) as reader:
        assert await reader.ask("05 0014 ff00") == "8501"
    client = OpcuaConnector("dcs", config, world.site.root).client(config.read)
    async with client:
        with pytest.raises(UaStatusCodeError, match="BadUserAccessDenied"):
            await client.get_node(NODE).write_value(355.0, ua.VariantType.Double)
    answers = [row["answer"] for row in world.frame_rows]
    assert answers == ["exception 1", ["BadUserAccessDenied"]]
    assert world.journal("action.intent") == []
    assert complaints(world) == []  # it was refused
    record = await world.approved(START)
    assert (await world.end(record)).action is ActionState.VERIFIED
    assert len(world.frames) == 3


async def test_the_witness_of_these_tests_sees_a_frame_that_nobody_approved(world: World) -> None:
    await world.go_through(START)
    assert complaints(world) == []
    async with wire(world.server.modbus_gate.port) as gate:
        assert await gate.ask("05 0014 ff00") == "050014ff00"
    (told,) = complaints(world)
    assert "R-" in told
    assert "and was sent at another time" in told
    world.is_forged = True
    assert complaints(world) == [told]


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        pytest.param("nothing", "no such file or directory", marks=pytest.mark.way_in("A11")),
        pytest.param("a pipe", "is no regular file", marks=pytest.mark.way_in("A13")),
    ],
)
async def test_without_a_policy_to_read_nothing_is_sent_and_no_gate_starts(
    world: World, what: str, reason: str
) -> None:
    record, card = await world.ask(START)
    path = world.site.root / "policy.yaml"
    text = path.read_text(encoding="utf-8")
    world.approve(record, card)
    path.unlink()
    if what == "a pipe":
        os.mkfifo(path)
    end = await world.end(record)
    assert (end.action, end.request) == (ActionState.INVALIDATED, RequestState.INVALIDATED)
    assert end.reason == f"policy.yaml: {reason}"
    await world.stop()
    with pytest.raises(ConfigError, match=r"policy\.yaml"):
        await world.start()
    assert world.frames == []
    path.unlink(missing_ok=True)
    path.write_text(text, encoding="utf-8")
    await world.start()
    await world.go_through(START)


def write_of(node: ua.NodeId, *, attribute: int = AttributeIds.Value) -> str:
    """The bytes of a write of 355 to an attribute of a node."""
    data = ua.DataValue(ua.Variant(355.0, ua.VariantType.Double), StatusCode=None)
    item = ua.WriteValue(NodeId=node, AttributeId=ua.IntegerId(attribute), Value=data)
    return ua_binary.struct_to_binary(item).hex()


def call_of(node: ua.NodeId) -> str:
    """The bytes of a call of a method, where a write should stand."""
    method = ua.NodeId(ua.Int32(9111))
    call = ua.CallMethodRequest(ObjectId=node, MethodId=method, InputArguments=[ua.Variant(355.0)])
    return ua_binary.struct_to_binary(call).hex()


@pytest.mark.way_in("A15")
@pytest.mark.way_in("A16")
async def test_only_a_write_of_the_value_of_its_own_node_is_sent(world: World) -> None:
    """Behind the tenth step the write session takes none of these for a write of the tag."""
    honest, _ = await world.ask(SETPOINT)
    for item in (
        call_of(NODE),
        write_of(NODE, attribute=AttributeIds.AccessLevel),
        write_of(NODE, attribute=AttributeIds.Description),
        write_of(ua.NodeId(ua.String("LIC-101.sp"), ua.Int16(1))),
    ):
        end = await signed(world, honest, wire=item)
        assert end.action is ActionState.INVALIDATED
        assert "gives other bytes than those that were approved" in end.reason
    assert world.frames == []
    twin = await signed(world, honest)
    assert twin.action is ActionState.VERIFIED
    assert world.frames == [honest.request.commands[0].wire]


async def signed(world: World, honest: RequestRecord, **changes: Any) -> End:
    """A request whose command says something else, and that a person has signed."""
    asked = {"risk_class": "R1", "quorum": 1, "roles": ["operator"]}

    def change(draft: dict[str, Any]) -> None:
        draft |= asked
        draft["commands"][0] |= changes

    record = world.file_altered(honest.request, change)
    world.sign_through(record)
    return await world.end(record)


@pytest.mark.way_in("A17")
@pytest.mark.way_in("A18")
async def test_a_safety_tag_is_forbidden_under_every_name(idle: World) -> None:
    """The prohibition names the node, and a tag of another name spells the node otherwise."""
    world = idle
    for file in ("tags.yaml", "policy.yaml"):
        world.edit(file, r"\bPIC-102\.sp\b(?!\"})", "X-1.sp")
    world.edit("tags.yaml", r"s=X-1\.sp", "s=PIC-102.sp")
    rule = '{connection: dcs, nodes: ["nsu=*;s=PIC-102.*"], reason: trip of the line}'
    world.edit("policy.yaml", "forbid:\n", f"forbid:\n  - {rule}\n")
    await world.start()
    record = await world.propose("X-1.sp=355")
    assert world.state(record) == (RequestState.DENIED, ActionState.CANCELLED)
    told = world.journal("request.DENIED", record.request.request_id)[-1]["reason"]
    assert told == "X-1.sp: forbidden: trip of the line"
    end = await signed(world, record)
    assert (end.action, end.request) == (ActionState.INVALIDATED, RequestState.INVALIDATED)
    assert end.reason == "forbidden: trip of the line"
    assert world.frames == []
    await world.go_through("TIC-202.sp=48.5")
