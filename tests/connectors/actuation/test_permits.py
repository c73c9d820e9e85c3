"""Write session: one permit, one frame, and no frame for anything else; the plant's log judges."""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace

import pytest
from asyncua import ua
from asyncua.ua import ua_binary
from asyncua.ua.attribute_ids import AttributeIds

from handwheel.connectors.actuation import write_session
from handwheel.connectors.actuation.permit import Permit, permit_clock_s
from handwheel.connectors.actuation.write_session import open_write_session
from handwheel.connectors.client.site_reader import connector_for
from handwheel.connectors.client.write_access import try_write_access, write_faults
from handwheel.connectors.errors import NotConnected, WriteRefused
from handwheel.connectors.model.endpoints import Credentials, WritePort
from handwheel.connectors.model.tags import NodeAddress, RegisterAddress
from handwheel.connectors.model.values import GOOD, Value

from ...plants.devices.misbehaving import listening, say_nothing
from ...plants.served import frames_of, link_of, served, site_of
from .permits import Works, deliver, opened, permit_for

NODE = ua.NodeId(ua.String("PIC-102.sp"), ua.Int16(1))


@pytest.fixture(scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Works]:
    folder = tmp_path_factory.mktemp("works")
    log = folder / "frames.jsonl"
    async with served(frame_log=log) as server:
        yield Works(server, site_of(folder / "site", link_of(server)), log)


@pytest.fixture
async def works(running: Works) -> AsyncGenerator[Works]:
    """The plant as it was at first, with nothing arrived."""
    plant = running.server.simulation.plant
    before = plant.snapshot()
    yield Works(running.server, running.site, running.log, len(frames_of(running.log)))
    plant.restore(before)
    await running.server.step(0)


async def test_one_permit_is_one_frame_with_exactly_its_bytes(works: Works) -> None:
    wires: list[bytes] = []
    sent: list[tuple[str, Value]] = [
        *(("P-101B.run_cmd", True), ("P-101B.run_cmd", False), ("P-101B.mode", 2)),
        *(("PIC-102.sp", 361.5), ("PIC-102.mode", 0)),
    ]
    for name, value in sent:
        tag = works.tag(name)
        async with opened(works.site, tag) as session:
            permit = permit_for(session, tag, value)
            await deliver(session, permit)
            reading = (await session.read([tag]))[name]
        wires.append(permit.wire)
        assert (reading.value, reading.status) == (value, GOOD)
        assert works.server.simulation.values()[name] == value
    assert works.arrived() == wires


async def test_opening_and_reading_sends_no_write(works: Works) -> None:
    for name in ["P-101B.run_cmd", "PIC-102.sp"]:
        tag = works.tag(name)
        async with opened(works.site, tag) as session:
            assert (await session.read([tag]))[name].status == GOOD
            permit_for(session, tag, 1 if tag.kind == "float" else True)
        assert works.arrived() == [], name


Attack = Callable[[Works, Permit], Permit]


def _wire(wire: Callable[[bytes], bytes]) -> Attack:
    return lambda _works, permit: replace(permit, wire=wire(permit.wire))


def _fixed(wire: bytes) -> Attack:
    return _wire(lambda _: wire)


OTHER = {"P-101B.run_cmd": "P-101A.run_cmd", "PIC-102.sp": "LIC-101.sp"}


def _other_tag(works: Works, permit: Permit) -> Permit:
    return replace(permit, tag=works.tag(OTHER[permit.tag.name]))


def _moved_tag(_works: Works, permit: Permit) -> Permit:
    moved: dict[str, RegisterAddress | NodeAddress] = {
        "P-101B.run_cmd": RegisterAddress("coil", 0, "bit"),
        "PIC-102.sp": NodeAddress("nsu=urn:handwheel:sim:cw-100;s=LIC-101.sp"),
    }
    return replace(permit, tag=replace(permit.tag, address=moved[permit.tag.name]))


def _expired(_works: Works, permit: Permit) -> Permit:
    return replace(permit, until_s=permit_clock_s())


def _no_intent(_works: Works, permit: Permit) -> Permit:
    return replace(permit, intent_seq=0)


def _other_name(_works: Works, permit: Permit) -> Permit:
    return replace(permit, identity=replace(permit.identity, name="urn:other"))


def _other_port(_works: Works, permit: Permit) -> Permit:
    where = f"{permit.identity.where}1"
    return replace(permit, identity=replace(permit.identity, where=where))


def _item(variant: ua.Variant, *, attribute: int = AttributeIds.Value, **data: object) -> bytes:
    value = ua.DataValue(variant, **{"StatusCode": None, **data})  # type: ignore[arg-type]
    item = ua.WriteValue(NodeId=NODE, AttributeId=ua.IntegerId(attribute), Value=value)
    return ua_binary.struct_to_binary(item)


DOUBLE = ua.Variant(361.5, ua.VariantType.Double)
BOTH: dict[str, tuple[Attack, str]] = {
    "a byte more": (_wire(lambda wire: wire + b"\0"), write_session.OTHER_BYTES.reason),
    "a byte less": (_wire(lambda wire: wire[:-1]), write_session.OTHER_BYTES.reason),
    "two writes": (_wire(lambda wire: wire * 2), write_session.OTHER_BYTES.reason),
    "no bytes": (_wire(lambda _: b""), write_session.OTHER_BYTES.reason),
    "another tag": (_other_tag, write_session.OTHER_TAG.reason),
    "a tag moved": (_moved_tag, write_session.OTHER_TAG.reason),
    "expired": (_expired, write_session.EXPIRED.reason),
    "no intent": (_no_intent, write_session.NO_INTENT.reason),
    "another device": (_other_name, write_session.OTHER_DEVICE.reason),
    "another port": (_other_port, write_session.OTHER_DEVICE.reason),
}
MODBUS: dict[str, str] = {
    "another unit": "02 05 0014 ff00",
    "another address": "01 05 0000 ff00",
    "another function": "01 06 0014 ff00",
    "several coils": "01 0f 0014 0001 01 01",
    "a mask": "01 16 0014 ffff 0000",
    "neither on nor off": "01 05 0014 ff01",
}
OPCUA: dict[str, bytes] = {
    "another attribute": _item(DOUBLE, attribute=AttributeIds.Description),
    "a call": ua_binary.struct_to_binary(ua.CallMethodRequest(ObjectId=NODE, MethodId=NODE)),
    "another type": _item(ua.Variant(361.5, ua.VariantType.Float)),
    "an array": _item(ua.Variant([361.5], ua.VariantType.Double)),
    "no number": _item(ua.Variant(float("nan"), ua.VariantType.Double)),
    "minus zero": _item(ua.Variant(-0.0, ua.VariantType.Double)),
    "with a status": _item(DOUBLE, StatusCode=ua.StatusCode()),
    "with a picosecond": _item(DOUBLE, SourcePicoseconds=ua.UInt16(1)),
}
ATTACKS: list[tuple[str, Value, Attack, str]] = [
    *(("P-101B.run_cmd", True, attack, reason) for attack, reason in BOTH.values()),
    *(("PIC-102.sp", 361.5, attack, reason) for attack, reason in BOTH.values()),
    *(("P-101B.run_cmd", True, _fixed(bytes.fromhex(text)), "") for text in MODBUS.values()),
    *(("PIC-102.sp", 361.5, _fixed(item), "") for item in OPCUA.values()),
]
IDS = [f"{protocol} {attack}" for protocol in ("modbus", "opcua") for attack in BOTH]


@pytest.mark.parametrize(
    ("name", "value", "attack", "reason"), ATTACKS, ids=[*IDS, *MODBUS, *OPCUA]
)
async def test_what_does_not_fit_the_permit_leaves_no_frame_and_its_twin_goes_through(
    works: Works, name: str, value: Value, attack: Attack, reason: str
) -> None:
    tag = works.tag(name)
    before = works.server.simulation.plant.snapshot()
    async with opened(works.site, tag) as session:
        permit = attack(works, permit_for(session, tag, value))
        with pytest.raises(WriteRefused) as caught:
            await deliver(session, permit)
    assert (caught.value.code, caught.value.was_sent) == (
        reason or write_session.OTHER_BYTES.reason,
        False,
    )
    assert works.arrived() == []
    assert works.server.simulation.plant.snapshot() == before
    async with opened(works.site, tag) as session:
        twin = permit_for(session, tag, value)
        await deliver(session, twin)
    assert works.arrived() == [twin.wire]


@pytest.mark.parametrize(("name", "value"), [("P-101B.run_cmd", True), ("PIC-102.sp", 361.5)])
async def test_the_bytes_of_another_tag_are_refused(works: Works, name: str, value: Value) -> None:
    tag, other = works.tag(name), works.tag(OTHER[name])
    async with opened(works.site, tag, other) as session:  # it may write either
        permit = replace(
            permit_for(session, tag, value), wire=permit_for(session, other, value).wire
        )
        with pytest.raises(WriteRefused, match=write_session.OTHER_BYTES.reason):
            await deliver(session, permit)
    assert works.arrived() == []


@pytest.mark.way_in("D8")
@pytest.mark.parametrize(("name", "value"), [("P-101B.run_cmd", True), ("PIC-102.sp", 361.5)])
async def test_a_write_session_sends_one_frame_and_no_second(
    works: Works, name: str, value: Value
) -> None:
    tag = works.tag(name)
    async with opened(works.site, tag) as session:
        permit = permit_for(session, tag, value)
        first, second = await asyncio.gather(
            deliver(session, permit), deliver(session, permit), return_exceptions=True
        )
        assert first is None
        assert isinstance(second, WriteRefused)
        with pytest.raises(WriteRefused, match=write_session.USED.reason) as caught:
            await deliver(session, permit)
        assert caught.value.was_sent is False
    async with opened(works.site, tag) as session:  # a refused call uses it up as well
        with pytest.raises(WriteRefused, match=write_session.EXPIRED.reason):
            await deliver(session, replace(permit, until_s=0.0))
        with pytest.raises(WriteRefused, match=write_session.USED.reason):
            await deliver(session, permit)
    assert works.arrived() == [permit.wire]


NO: list[tuple[str, Value, str]] = [
    ("P-101A.mode", 2, "exception 3 (illegal data value)"),  # it is running
    ("PIC-102.sp", 1e6, "BadOutOfRange"),
]


async def test_the_plants_no_is_told_with_its_code(works: Works) -> None:
    wires: list[bytes] = []
    for name, value, code in NO:
        tag = works.tag(name)
        async with opened(works.site, tag) as session:
            permit = permit_for(session, tag, value)
            with pytest.raises(WriteRefused) as caught:
                await deliver(session, permit)
        assert (caught.value.tag, caught.value.code, caught.value.was_sent) == (name, code, True)
        wires.append(permit.wire)
        assert works.arrived() == wires


async def test_no_write_session_without_write_in_the_site_file(works: Works) -> None:
    for name in ["P-101B.run_cmd", "PIC-102.sp"]:
        tag = works.tag(name)
        config = works.site.connections[tag.connection].model_copy(update={"write": None})
        closed = replace(works.site, connections={tag.connection: config})
        with pytest.raises(NotConnected, match="it is read only"):
            await open_write_session(closed, tag.connection, [tag])


async def test_no_write_session_with_a_wrong_secret_or_server(works: Works) -> None:
    tag = works.tag("PIC-102.sp")
    config = works.site.connections["dcs"].model_copy(update={"application_uri": "urn:other"})
    other = replace(works.site, connections={"dcs": config})
    with pytest.raises(NotConnected, match="the server is 'urn:handwheel:sim:cw-100'"):
        await open_write_session(other, "dcs", [tag])
    wrong = works.site.root / "secrets" / "wrong"
    wrong.touch(mode=0o600)
    wrong.write_text("guess", encoding="utf-8")
    login = Credentials(user="gate", secret=f"file:{wrong}")
    config = works.site.connections["dcs"].model_copy(update={"write": login})
    with pytest.raises(NotConnected, match="BadUserAccessDenied"):
        await open_write_session(replace(works.site, connections={"dcs": config}), "dcs", [tag])
    assert works.arrived() == []


async def test_what_keeps_the_gate_out_is_found_without_a_write(works: Works) -> None:
    async with listening(say_nothing) as silent:
        cases: list[tuple[str, dict[str, object], str]] = [
            ("pkg", {"write": WritePort(port=silent.port), "timeout": 0.2},
             rf"to write: modbus://127.0.0.1:{silent.port}/1: no answer within 0.2 s\. Until"),
            ("dcs", {"application_uri": "urn:other"},
             "to write as gate: opc.tcp://.*: the server is 'urn:handwheel:sim:cw-100'"),
        ]  # fmt: skip
        for name, changes, reason in cases:
            config = works.site.connections[name].model_copy(update=changes)
            connections = {**works.site.connections, name: config}
            faults = await write_faults(replace(works.site, connections=connections))
            assert faults.keys() == {name}
            assert re.match(reason, faults[name])
    assert await write_faults(works.site) == {}
    login = Credentials(user="gate", secret="env:OF_ANOTHER_USER")
    config = works.site.connections["dcs"].model_copy(update={"write": login})
    theirs = replace(works.site, connections={"dcs": config})
    access = await try_write_access(theirs, connector_for(theirs, "dcs"))
    assert access is not None
    assert (access.fault, "is not set" in access.not_tried) == ("", True)
    assert works.arrived() == []
