"""OPC UA servers that misbehave while they are written to: one request, no claim to know more."""

import asyncio
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest
from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.crypto.permission_rules import User
from asyncua.ua import ua_binary
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors import (
    BadServiceUnsupported,
    BadSessionIdInvalid,
    BadTimeout,
    UaStatusCodeError,
)

from handwheel.connectors.actuation.permit import Permit
from handwheel.connectors.actuation.write_session import WriteSession
from handwheel.connectors.errors import WriteOutcomeUnknown, WriteRefused
from handwheel.connectors.model.endpoints import OpcuaConnection
from handwheel.connectors.model.site import Site
from handwheel.sim_plant.link.framing import opcua_messages
from handwheel.sim_plant.link.proxy import LinkProxy
from handwheel.sim_plant.server.opcua.writes import PlantWrites
from handwheel.sim_plant.server.plant_server import PlantServer

from ...plants.devices.misbehaving import eventually
from ...plants.served import link_of, site_of
from .permits import deliver, opened, permit_for

SETPOINT = "PIC-102.sp"


@dataclass
class Relay:
    """Stands between the write session and the server, and sees every byte that is sent.

    Attributes:
        cut_at: Bytes at which the connection is cut, before the server's answer comes.
        cuts_before: Whether the server does not get them any more.
        last_words: What the client hears instead of the answer.
    """

    link: LinkProxy
    sent: bytearray = field(default_factory=bytearray)
    cut_at: bytes = b""
    cuts_before: bool = False
    last_words: bytes = b""
    is_due: bool = False

    def __post_init__(self) -> None:
        self._listen()

    def _listen(self) -> None:
        self.link.alter(self._request, "up")
        self.link.alter(self._answer, "down")

    def _request(self, message: bytes) -> bytes:
        self.sent += message
        self.is_due = bool(self.cut_at) and self.cut_at in message
        return self.cut() if self.is_due and self.cuts_before else message

    def _answer(self, message: bytes) -> bytes:
        if not self.is_due:
            return message
        return self.last_words or self.cut()

    def cut(self) -> bytes:
        """Cuts what is there, leaves nothing of it, and lets the next connection through."""
        self.link.cut()
        self.link.mend()
        self._listen()
        return b""

    def frames(self, wire: bytes) -> int:
        return self.sent.count(wire)


@pytest.fixture(scope="module")
def site(plant: PlantServer, tmp_path_factory: pytest.TempPathFactory) -> Site:
    return site_of(tmp_path_factory.mktemp("works") / "site", link_of(plant))


@asynccontextmanager
async def writing(
    site: Site, value: float = 361.5, timeout_s: float = 5.0
) -> AsyncGenerator[tuple[Relay, WriteSession, Permit]]:
    """A write session with the plant behind a relay, and what it may send."""
    config = site.connections["dcs"]
    assert isinstance(config, OpcuaConnection)
    port = int(config.endpoint.rpartition(":")[2])
    async with LinkProxy(port, opcua_messages) as link:
        keys = {"endpoint": f"opc.tcp://127.0.0.1:{link.port}", "timeout": timeout_s}
        there = replace(site, connections={"dcs": config.model_copy(update=keys)})
        relay, tag = Relay(link), site.tags[SETPOINT]
        async with opened(there, tag) as session:
            yield relay, session, permit_for(session, tag, value)


Answer = Callable[[], Awaitable[list[ua.StatusCode]]]


def _codes(*codes: int) -> Answer:
    async def answer() -> list[ua.StatusCode]:
        return [ua.StatusCode(ua.UInt32(code)) for code in codes]

    return answer


def _fault(error: type[UaStatusCodeError]) -> Answer:
    async def answer() -> list[ua.StatusCode]:
        raise error

    return answer


def _answering(monkeypatch: pytest.MonkeyPatch, answer: Answer) -> list[ua.WriteParameters]:
    """Lets the server answer writes so, without doing them; returns what arrives."""
    arrived: list[ua.WriteParameters] = []

    async def write(
        self: PlantWrites, params: ua.WriteParameters, user: User
    ) -> list[ua.StatusCode]:
        del self, user
        arrived.append(params)
        return await answer()

    monkeypatch.setattr(PlantWrites, "write", write)
    return arrived


async def _reset(relay: Relay) -> None:
    """Else what was not acknowledged could arrive much later."""
    await eventually(lambda: relay.link.resets > 0)
    assert relay.link.resets == 1


UNSURE: dict[str, tuple[Answer, str]] = {
    **{
        name: (_codes(getattr(StatusCodes, name)), f"unknown: {name}$")
        for name in ("GoodClamped", "UncertainInitialValue", "BadTimeout", "BadDeviceFailure")
    },
    "a fault that may have acted": (_fault(BadTimeout), "unknown: BadTimeout$"),
}  # fmt: skip


async def test_any_other_answer_is_an_unknown_outcome_of_one_request(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, (answer, reason) in UNSURE.items():
        arrived = _answering(monkeypatch, answer)
        async with writing(site) as (relay, session, permit):
            with pytest.raises(WriteOutcomeUnknown, match=reason):
                await deliver(session, permit)
            await asyncio.sleep(0.05)
            await _reset(relay)
        assert (len(arrived), relay.frames(permit.wire)) == (1, 1), name


NO: dict[str, Answer] = {
    "BadUserAccessDenied": _codes(StatusCodes.BadUserAccessDenied),
    "BadTypeMismatch": _codes(StatusCodes.BadTypeMismatch | 0x0400),  # with information bits
    "BadServiceUnsupported": _fault(BadServiceUnsupported),
    "BadSessionIdInvalid": _fault(BadSessionIdInvalid),
}


async def test_what_the_server_refuses_before_it_acts_is_refused(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for code, answer in NO.items():
        arrived = _answering(monkeypatch, answer)
        async with writing(site) as (_, session, permit):
            with pytest.raises(WriteRefused) as caught:
                await deliver(session, permit)
        assert (caught.value.code, caught.value.was_sent, len(arrived)) == (code, True, 1)


@pytest.mark.way_in("D8")
@pytest.mark.parametrize("cuts_before", [False, True], ids=["after", "before"])
async def test_a_connection_cut_at_the_write_is_an_unknown_outcome(
    site: Site, plant: PlantServer, cuts_before: bool
) -> None:
    before = plant.simulation.values()[SETPOINT]
    wanted = 362.5 if cuts_before else 363.5
    async with writing(site, wanted) as (relay, session, permit):
        relay.cut_at, relay.cuts_before = permit.wire, cuts_before
        with pytest.raises(WriteOutcomeUnknown, match="connection"):
            await deliver(session, permit)
        relay.cut_at = b""
        await asyncio.sleep(0.1)  # a library that comes back by itself would send again
    assert relay.frames(permit.wire) == 1
    assert plant.simulation.values()[SETPOINT] == (before if cuts_before else wanted)


@pytest.mark.parametrize(
    ("timeout_s", "reason"),
    [(2.0, "no answer within 2 s"), (5.0, "cancelled before the answer came")],
    ids=["late", "cancelled"],
)
async def test_who_gives_up_sent_one_request_of_unknown_outcome(
    site: Site, monkeypatch: pytest.MonkeyPatch, timeout_s: float, reason: str
) -> None:
    is_cancelled, given_up = reason.startswith("cancelled"), asyncio.Event()

    async def too_late() -> list[ua.StatusCode]:
        await given_up.wait()
        return [ua.StatusCode()]

    arrived = _answering(monkeypatch, too_late)
    async with writing(site, timeout_s=timeout_s) as (relay, session, permit):
        task = asyncio.create_task(deliver(session, permit))
        await eventually(lambda: bool(arrived))
        if is_cancelled:
            task.cancel()
        with pytest.raises(WriteOutcomeUnknown, match=reason):
            await task
        assert task.cancelling() == int(is_cancelled)
        given_up.set()
        await asyncio.sleep(0.1)
        await _reset(relay)
    assert (len(arrived), relay.frames(permit.wire)) == (1, 1)


async def test_an_error_of_the_channel_is_no_answer_of_the_service(site: Site) -> None:
    """The code says that the service was refused; but it is the channel that ends."""
    async with writing(site) as (relay, session, permit):
        relay.cut_at = permit.wire
        code = StatusCodes.BadServiceUnsupported
        relay.last_words = b"ERRF" + struct.pack("<IIi", 16, code, -1)
        with pytest.raises(WriteOutcomeUnknown):
            await deliver(session, permit)
    assert relay.frames(permit.wire) == 1


async def test_a_library_that_would_send_other_bytes_sends_none(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def with_a_status(wire: bytes) -> ua.WriteValue:
        return ua_binary.struct_from_binary(ua.WriteValue, Buffer(wire))

    monkeypatch.setattr("handwheel.connectors.actuation.opcua._item", with_a_status)
    async with writing(site) as (relay, session, permit):
        sent = len(relay.sent)
        with pytest.raises(WriteRefused, match="would send other bytes") as caught:
            await deliver(session, permit)
        assert (caught.value.was_sent, len(relay.sent)) == (False, sent)


@pytest.mark.parametrize("is_hung_up", [True, False])
async def test_a_session_that_is_lost_before_sends_nothing(site: Site, *, is_hung_up: bool) -> None:
    async with writing(site) as (relay, session, permit):
        if is_hung_up:
            relay.cut()
            await asyncio.sleep(0.05)
        else:
            await session.close()
        with pytest.raises(WriteRefused, match="the connection was lost before") as caught:
            await deliver(session, permit)
    assert (caught.value.was_sent, relay.frames(permit.wire)) == (False, 0)
