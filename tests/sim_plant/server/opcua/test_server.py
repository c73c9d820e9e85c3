"""The plant's OPC UA side: everyone reads, the gate writes values, nobody does anything else."""

import math
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from asyncua import ua
from asyncua.client.client import Client
from asyncua.common.node import Node
from asyncua.common.subscription import DataChangeNotif
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.uaerrors import UaStatusCodeError

from handwheel.sim_plant.cw100.tags import TAGS
from handwheel.sim_plant.model import Node as OnOpcua
from handwheel.sim_plant.model import namespace_uri
from handwheel.sim_plant.server.opcua.node_ids import plant_node, standard_node
from handwheel.sim_plant.server.opcua.units import OWN, information
from handwheel.sim_plant.server.plant_server import PlantServer

from ....plants.served import GATE_SECRET, frames_of, served
from .alarm_client import client_of

NODES = [tag for tag in TAGS if isinstance(tag.address, OnOpcua)]


@pytest.fixture
async def viewer(server: PlantServer) -> AsyncGenerator[Client]:
    async with client_of(server) as client:
        yield client


@pytest.fixture
async def gate(server: PlantServer) -> AsyncGenerator[Client]:
    async with client_of(server, "gate", GATE_SECRET) as client:
        yield client


def _write(
    node: ua.NodeId, value: ua.Variant, attribute: int = AttributeIds.Value, index: str = ""
) -> ua.WriteValue:
    item = ua.WriteValue(
        NodeId=node, AttributeId=ua.IntegerId(attribute), Value=ua.DataValue(value)
    )
    if index:
        item.IndexRange = index
    return item


async def _send(client: Client, *items: ua.WriteValue) -> list[str]:
    results = await client.uaclient.write(ua.WriteParameters(NodesToWrite=list(items)))
    return [result.name for result in results]


async def _node(client: Client, name: str) -> ua.NodeId:
    return plant_node(name, await client.get_namespace_index(namespace_uri("cw-100")))


async def test_every_tag_has_its_value_range_and_unit(server: PlantServer, viewer: Client) -> None:
    values = server.simulation.values()
    for tag in NODES:
        node = viewer.get_node(await _node(viewer, tag.name))
        assert await node.read_value() == pytest.approx(values[tag.name]), tag.name
        if tag.span and tag.kind == "float":
            span = await (await node.get_child("0:EURange")).read_value()
            assert (span.Low, span.High) == tag.span
            unit = await (await node.get_child("0:EngineeringUnits")).read_value()
            assert unit.DisplayName.Text == tag.unit
        if tag.kind == "enum":
            words = await (await node.get_child("0:EnumStrings")).read_value()
            assert [words[n].Text for n in sorted(tag.members.values())] == [
                word for word, _ in sorted(tag.members.items(), key=lambda item: item[1])
            ]


async def test_a_viewer_is_refused_on_every_node_and_the_log_has_each_refusal(
    server: PlantServer, viewer: Client, log: Path
) -> None:
    before, mark = server.simulation.plant.snapshot(), len(frames_of(log))
    for tag in NODES:
        node = await _node(viewer, tag.name)
        present = await viewer.get_node(node).read_data_value()
        assert present.Value is not None
        assert await _send(viewer, _write(node, present.Value)) == ["BadUserAccessDenied"]
    assert server.simulation.plant.snapshot() == before
    assert [
        (frame["user"], frame["items"][0]["node"].partition(";s=")[2], frame["answer"])
        for frame in frames_of(log)[mark:]
    ] == [("viewer", tag.name, ["BadUserAccessDenied"]) for tag in NODES]


DOUBLE = ua.VariantType.Double


async def test_the_gate_gets_the_plants_own_answers(
    server: PlantServer, gate: Client, log: Path
) -> None:
    setpoint, output = await _node(gate, "PIC-102.sp"), await _node(gate, "PIC-102.op")
    cases: list[tuple[ua.WriteValue, str]] = [
        (_write(setpoint, ua.Variant(340.0, DOUBLE)), "Good"),
        (_write(setpoint, ua.Variant(460.0, DOUBLE)), "BadOutOfRange"),
        (_write(setpoint, ua.Variant(math.nan, DOUBLE)), "BadOutOfRange"),
        (_write(setpoint, ua.Variant("42")), "BadTypeMismatch"),
        *(
            (_write(setpoint, ua.Variant(42, ua.VariantType[kind])), "BadTypeMismatch")
            for kind in ("Float", "Int32", "UInt16")
        ),
        (_write(setpoint, ua.Variant([340.0], DOUBLE)), "BadTypeMismatch"),
        (_write(setpoint, ua.Variant(340.0, DOUBLE), index="0"), "BadIndexRangeInvalid"),
        (_write(output, ua.Variant(50.0, DOUBLE)), "BadInvalidState"),
        (_write(await _node(gate, "PT-102.pv"), ua.Variant(1.0, DOUBLE)), "BadNotWritable"),
        (_write(await _node(gate, "I-03.active"), ua.Variant(True)), "BadNotWritable"),
        (_write(await _node(gate, "no-such.tag"), ua.Variant(1.0)), "BadNodeIdUnknown"),
        *(
            (_write(setpoint, ua.Variant(340.0, DOUBLE), attribute=attribute), "BadNotWritable")
            for attribute in (*range(1, 28), 999)
            if attribute != AttributeIds.Value
        ),
        (_write(standard_node(ObjectIds.Server_ServiceLevel), ua.Variant(1)), "BadNotWritable"),
    ]
    mark = len(frames_of(log))
    assert [await _send(gate, item) for item, _ in cases] == [[answer] for _, answer in cases]
    assert [frame["answer"] for frame in frames_of(log)[mark:]] == [[answer] for _, answer in cases]
    assert server.simulation.values()["PIC-102.sp"] == 340.0
    assert await gate.get_node(setpoint).read_value() == 340.0, "a read-back shows the truth"


async def test_one_request_with_several_items_is_judged_item_by_item(
    server: PlantServer, gate: Client, log: Path
) -> None:
    good = _write(await _node(gate, "TIC-106.sp"), ua.Variant(25.0, DOUBLE))
    bad = _write(await _node(gate, "PT-102.pv"), ua.Variant(1.0, DOUBLE))
    assert await _send(gate, bad, good) == ["BadNotWritable", "Good"]
    frame = frames_of(log)[-1]
    assert [item["node"].partition(";s=")[2] for item in frame["items"]] == [
        "PT-102.pv",
        "TIC-106.sp",
    ]
    assert b"PT-102.pv".hex() in frame["body"], "the log keeps the bytes of the wire"
    assert server.simulation.values()["TIC-106.sp"] == 25.0


OTHERS = (
    "AddNodes", "AddReferences", "DeleteReferences", "DeleteNodes", "HistoryRead", "HistoryUpdate",
    "SetTriggering", "Cancel", "TransferSubscriptions", "RegisterServer", "RegisterServer2",
)  # fmt: skip


async def test_no_account_reaches_another_service(
    server: PlantServer, viewer: Client, gate: Client, log: Path
) -> None:
    for who, client in (("viewer", viewer), ("gate", gate)):
        protocol = client.uaclient.protocol
        assert protocol is not None
        for service in OTHERS:
            is_anyones = service.startswith("Register")  # asyncua asks for no session
            user, code = ("", "ServiceUnsupported") if is_anyones else (who, "UserAccessDenied")
            with pytest.raises(UaStatusCodeError, match=f"Bad{code}"):
                await protocol.send_request(getattr(ua, f"{service}Request")())
            last = frames_of(log)[-1]
            answer = [f"Bad{code}"]
            assert (last["user"], last["service"], last["answer"]) == (user, service, answer)
        method = standard_node(ObjectIds.Server_GetMonitoredItems)
        with pytest.raises(UaStatusCodeError, match="BadUserAccessDenied"):
            await client.nodes.server.call_method(method, ua.Variant(1))
        last = frames_of(log)[-1]
        assert (last["user"], last["service"]) == (who, "Call")
        assert await client.get_node(await _node(client, "PT-102.pv")).read_value() > 0.0


async def test_a_stranger_gets_no_session(server: PlantServer) -> None:
    for user, password in (
        ("gate", "wrong"), ("gate", ""), ("gate", f"{GATE_SECRET} "), ("Gate", GATE_SECRET),
        ("admin", GATE_SECRET), ("viewer", ""),
    ):  # fmt: skip
        with pytest.raises(UaStatusCodeError):
            async with client_of(server, user, password):
                pass


class _Nothing:
    def datachange_notification(self, node: Node, val: Any, data: DataChangeNotif) -> None:
        del node, val, data


async def test_nobody_touches_anothers_subscription(
    server: PlantServer, viewer: Client, gate: Client
) -> None:
    theirs = await gate.create_subscription(20, _Nothing())
    clock = gate.get_node(await _node(gate, "SIM-CLOCK.pv"))
    handle = await theirs.subscribe_data_change(clock)
    assert isinstance(handle, int)
    number = theirs.subscription_id
    assert number is not None
    deleted = await viewer.uaclient.delete_subscriptions([number])
    assert [result.name for result in deleted] == ["BadSubscriptionIdInvalid"]
    item = ua.DeleteMonitoredItemsParameters()
    item.SubscriptionId = ua.IntegerId(number)
    item.MonitoredItemIds = [ua.IntegerId(handle)]
    with pytest.raises(UaStatusCodeError, match="BadSubscriptionIdInvalid"):
        await viewer.uaclient.delete_monitored_items(item)
    mode = ua.SetPublishingModeParameters()
    mode.PublishingEnabled = False
    mode.SubscriptionIds = [ua.IntegerId(number)]
    with pytest.raises(UaStatusCodeError, match="BadSubscriptionIdInvalid"):
        await viewer.uaclient.set_publishing_mode(mode)
    await theirs.unsubscribe(handle)
    own = await gate.uaclient.delete_subscriptions([number])
    assert [result.name for result in own] == ["Good"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
async def test_a_write_that_cannot_be_recorded_has_not_happened() -> None:
    async with served(frame_log=Path("/dev/full")) as plant:
        async with client_of(plant, "gate", GATE_SECRET) as gate:
            node = await _node(gate, "PIC-102.sp")
            before = plant.simulation.plant.snapshot()
            item = _write(node, ua.Variant(340.0, DOUBLE))
            assert await _send(gate, item) == ["BadDeviceFailure"]
            assert await gate.get_node(node).read_value() == 350.0
        assert plant.simulation.plant.snapshot() == before


UNECE = "http://www.opcfoundation.org/UA/units/un/cefact"
# OPC UA Part 8, 5.6.4.3, and the list UNECE_to_OPCUA of the OPC Foundation.
NUMBERS = {
    "%": 20529, "A": 4279632, "K": 4932940, "V": 5655636, "cm": 4410708, "cm3/s": 12874,
    "degC": 4408652, "kPa": 4935745, "kW": 4937556, "kg/h": 4536627, "l/min": 19506,
    "m3/h": 5067080, "mm/s": 4403510, "mol/l": 4404024, "s": 5457219,
}  # fmt: skip


def test_a_unit_has_the_number_of_its_code() -> None:
    for unit, number in NUMBERS.items():
        told = information(unit)
        assert (told.NamespaceUri, told.UnitId, told.DisplayName.Text) == (UNECE, number, unit)


def test_what_unece_does_not_have_is_ours_and_has_no_number() -> None:
    for unit in ["kPag", "kscmh", "mol%", "furlong"]:
        told = information(unit)
        assert (told.NamespaceUri, told.UnitId, told.DisplayName.Text) == (OWN, -1, unit)
        assert told.Description.Text, unit
