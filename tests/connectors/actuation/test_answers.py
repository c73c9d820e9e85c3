"""What a device can answer to a write: one frame, and only one answer says that it is done."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from asyncua import ua
from asyncua.client.ua_client import UASocketProtocol
from asyncua.common.utils import Buffer
from asyncua.ua import ua_binary
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors import UaError

from handwheel.connectors.actuation.permit import Permit
from handwheel.connectors.actuation.write_session import WriteSession
from handwheel.connectors.errors import WriteOutcomeUnknown, WriteRefused
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.values import Value
from handwheel.sim_plant.server.opcua.node_ids import standard_node
from handwheel.sim_plant.server.plant_server import PlantServer

from ...plants.devices.misbehaving import Answer, Device, listening, modbus_device, reply
from ...plants.served import link_of, site_of
from ...sites.site_text import SITE, TAGS, load
from .permits import deliver, opened, permit_for

pytestmark = pytest.mark.usefixtures("ids_from_one")

WRITABLE = """\
  TIC-1.sp: {connection: pkg, table: holding, address: 258, type: float, writable: true}
  TIC-1.mode: {connection: pkg, table: holding, address: 7, type: int, writable: true}
"""


def echo(request: bytes) -> Iterable[bytes]:
    pdu = request[7:]
    return [reply(request, pdu[:5] if pdu[0] == 16 else pdu)]


@asynccontextmanager
async def writing(
    folder: Path, answer: Answer, name: str, value: Value = True, patience: str = "5 s"
) -> AsyncGenerator[tuple[WriteSession, Permit, list[bytes]]]:
    """A device that says nothing of itself, a session, and the writes that reach the device."""
    writes: list[bytes] = []

    def judge(request: bytes) -> Iterable[bytes] | None:
        if request[7] == 0x2B:
            return [reply(request, b"\xab\x01")]
        writes.append(request)
        return answer(request)

    async with modbus_device(judge) as device:
        site = site_at(folder, device, patience)
        async with opened(site, site.tags[name]) as session:
            yield session, permit_for(session, site.tags[name], value), writes


def site_at(folder: Path, device: Device, timeout: str) -> Site:
    port = f"read: {{port: {device.port}}}\n    write: {{port: {device.port}}}"
    text = SITE.replace("read: {port: 5020}", port).replace("timeout: 2 s", f"timeout: {timeout}")
    return load(folder, text, TAGS + WRITABLE)


GOOD: list[tuple[str, Value, str]] = [
    ("P-101A.run_cmd", True, "01 05 0000 ff00"),
    ("TIC-1.mode", 3, "01 06 0007 0003"),
    ("TIC-1.sp", 0.1, "01 10 0102 0002 04 cccd3dcc"),
]


async def test_the_right_answer_is_the_only_one_that_counts(tmp_path: Path) -> None:
    for name, value, wire in GOOD:
        async with writing(tmp_path / name, echo, name, value) as (session, permit, writes):
            assert session.encoder.identity.name == ""
            await deliver(session, permit)
        assert [write[6:] for write in writes] == [bytes.fromhex(wire)]


def _pdu(text: str) -> Answer:
    return lambda request: [reply(request, bytes.fromhex(text))]


def _changed(at: int, byte: int) -> Answer:
    def answer(request: bytes) -> Iterable[bytes]:
        frame = b"".join(echo(request))
        return [frame[:at] + bytes([byte]) + frame[at + 1 :]]

    return answer


COIL, MODE, SETPOINT = (name for name, _, _ in GOOD)
UNSURE: dict[str, tuple[str, Answer, str]] = {
    "silence": (COIL, lambda _: [], "no answer within 1 s"),
    "half an answer": (COIL, lambda r: [b"".join(echo(r))[:-1]], "no answer within 1 s"),
    "hung up": (COIL, lambda _: None, "the device closed the connection"),
    "another transaction": (COIL, _changed(1, 9), "answer to request 9, not to 2"),
    "another unit": (COIL, _changed(6, 2), "answer of unit 2, not of 1"),
    "another function": (COIL, _pdu("06 0000 ff00"), "answer to function 6, not to 5"),
    "off": (COIL, _pdu("05 0000 0000"), "the answer is 0500000000, not 050000ff00"),
    "another value": (MODE, _pdu("06 0007 0004"), "the answer is 0600070004, not 0600070003"),
    "the whole request": (SETPOINT, lambda r: [reply(r, r[7:])], "the answer is 1001020002"),
    "not Modbus": (COIL, lambda _: [b"HTTP/1.1 400 Bad Request\r\n\r\n"], "is not Modbus"),
    **{
        f"exception {code}": (COIL, _pdu(f"85 {code:02x}"), f"exception {code}$")
        for code in (0, 4, 5, 6, 7, 8, 10, 11, 255)
    },
}


@pytest.mark.way_in("D11")
@pytest.mark.way_in("D12")
async def test_any_other_answer_is_an_unknown_outcome_of_one_frame(tmp_path: Path) -> None:
    values = {name: value for name, value, _ in GOOD}
    for case, (name, answer, reason) in UNSURE.items():
        timeout = "1 s" if "within" in reason else "5 s"
        there = writing(tmp_path / case, answer, name, values[name], timeout)
        async with there as (session, permit, writes):
            with pytest.raises(WriteOutcomeUnknown, match=reason) as caught:
                await deliver(session, permit)
        assert (caught.value.tag, len(writes)) == (name, 1), case


async def test_what_the_device_refuses_before_it_acts_is_refused(tmp_path: Path) -> None:
    words = {1: "illegal function", 2: "illegal data address", 3: "illegal data value"}
    for code, text in words.items():
        there = writing(tmp_path / text, _pdu(f"85 {code:02x}"), COIL)
        async with there as (session, permit, writes):
            with pytest.raises(WriteRefused) as caught:
                await deliver(session, permit)
        assert (caught.value.code, caught.value.was_sent) == (f"exception {code} ({text})", True)
        assert len(writes) == 1


@pytest.mark.way_in("D10")
@pytest.mark.parametrize("is_cancelled", [False, True], ids=["late", "cancelled"])
async def test_who_gives_up_resets_the_connection_so_that_nothing_arrives_later(
    tmp_path: Path, is_cancelled: bool
) -> None:
    came, writes, ends = asyncio.Event(), list[bytes](), list[object]()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(await reader.readexactly(11), b"\xab\x01"))
        writes.append(await reader.readexactly(12))
        came.set()
        try:
            ends.append(await reader.read())
        except ConnectionResetError as error:
            ends.append(type(error))

    async with listening(handle) as device:
        site = site_at(tmp_path / "site", device, "5 s" if is_cancelled else "1 s")
        tag = site.tags[COIL]
        async with opened(site, tag) as session:
            task = asyncio.create_task(deliver(session, permit_for(session, tag, True)))
            await came.wait()
            if is_cancelled:
                task.cancel()
            with pytest.raises(WriteOutcomeUnknown, match="cancelled" if is_cancelled else "no"):
                await task
            assert task.cancelling() == int(is_cancelled)
            await device.until_left()
    assert (len(writes), ends) == (1, [ConnectionResetError])


async def test_a_frame_does_not_wait_behind_a_read(tmp_path: Path) -> None:
    def answer(request: bytes) -> Iterable[bytes]:
        return [reply(request, b"\x01\x01\x00")] if request[7] == 1 else echo(request)

    async with writing(tmp_path / "first", answer, COIL) as (session, permit, writes):
        reading = asyncio.create_task(session.read([permit.tag]))
        await asyncio.sleep(0)
        with pytest.raises(WriteRefused, match="the connection is in use") as caught:
            await deliver(session, permit)
        assert (await reading)[COIL].value is False
    assert (caught.value.was_sent, [write[7] for write in writes]) == (False, [1])
    async with writing(tmp_path / "second", answer, COIL) as (session, permit, writes):
        await session.read([permit.tag])
        await deliver(session, permit)
    assert [write[7] for write in writes] == [1, 5]


async def test_a_connection_that_is_lost_before_sends_nothing(tmp_path: Path) -> None:
    async with writing(tmp_path / "site", echo, COIL) as (session, permit, writes):
        await session.close()
        with pytest.raises(WriteRefused, match="the connection was lost before") as caught:
            await deliver(session, permit)
    assert (caught.value.was_sent, writes) == (False, [])


SETPOINT_OPCUA = "PIC-102.sp"
Change = Callable[[ua.WriteResponse], object]


def nothing(_: ua.WriteResponse) -> None:
    """The twin: the answer as it should be."""


def other_handle(response: ua.WriteResponse) -> None:
    response.ResponseHeader.RequestHandle += 1


def other_kind(response: ua.WriteResponse) -> None:
    response.TypeId = standard_node(ObjectIds.ReadResponse_Encoding_DefaultBinary)


def service(code: int) -> Change:
    def change(response: ua.WriteResponse) -> None:
        response.ResponseHeader.ServiceResult = ua.StatusCode(ua.UInt32(code))

    return change


def broken(_: ua.WriteResponse) -> None:
    raise UaError("a chunk is out of order")


def results(*codes: int) -> Change:
    def change(response: ua.WriteResponse) -> None:
        response.Results = [ua.StatusCode(ua.UInt32(code)) for code in codes]

    return change


def answering(change: Change | None) -> Callable[..., Awaitable[Buffer]]:
    async def answer(_: UASocketProtocol, request: ua.WriteRequest, *_more: object) -> Buffer:
        response = ua.WriteResponse()
        response.ResponseHeader.RequestHandle = request.RequestHeader.RequestHandle
        response.Results = [ua.StatusCode()]
        if change is None:
            return Buffer(b"\x01\x00")
        change(response)
        return Buffer(ua_binary.struct_to_binary(response))

    return answer


async def test_one_answer_alone_says_that_it_is_done(
    plant: PlantServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases: list[tuple[Change | None, type[Exception] | None, str]] = [
        (nothing, None, ""),
        (other_handle, WriteOutcomeUnknown, "the answer is not to this request"),
        (other_kind, WriteOutcomeUnknown, "the answer is not to this request"),
        (service(StatusCodes.BadTimeout), WriteOutcomeUnknown, "BadTimeout in an answer"),
        (results(StatusCodes.Good, StatusCodes.Good), WriteOutcomeUnknown, "2 results for one"),
        (results(), WriteOutcomeUnknown, "0 results for one"),
        # Good, and something about it: clamped by a server that says so in other bits.
        (results(StatusCodes.Good | 0x0400), WriteOutcomeUnknown, "unknown: Good$"),
        (results(StatusCodes.BadTypeMismatch), WriteRefused, "BadTypeMismatch"),
        (None, WriteOutcomeUnknown, "the answer cannot be decoded"),
        (broken, WriteOutcomeUnknown, "a chunk is out of order"),
    ]
    site = site_of(tmp_path / "site", link_of(plant))
    tag = site.tags[SETPOINT_OPCUA]
    for change, error, reason in cases:
        async with opened(site, tag) as session:
            permit = permit_for(session, tag, 361.5)
            with monkeypatch.context() as patch:
                patch.setattr(UASocketProtocol, "send_request", answering(change))
                if error is None:
                    await deliver(session, permit)
                else:
                    with pytest.raises(error, match=reason):
                        await deliver(session, permit)
