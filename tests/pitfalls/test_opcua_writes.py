"""A write in flight at a cut: ours says that its outcome is unknown, a naive client does not."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from handwheel.connectors.actuation.write_session import WriteSession
from handwheel.connectors.errors import WriteOutcomeUnknown, WriteRefused
from handwheel.connectors.model.tags import Tag
from handwheel.sim_plant.link.framing import opcua_messages
from handwheel.sim_plant.link.proxy import LinkProxy
from handwheel.sim_plant.server.plant_server import PlantServer

from ..connectors.actuation.permits import deliver, opened, permit_for
from ..plants.devices.misbehaving import eventually
from ..plants.served import GATE_SECRET, link_of, served, site_of
from .naive.opcua import NaiveOpcua
from .opcua_clients import endpoint

SETPOINT = "PIC-102.sp"
VALUE = 361.5
_BYTES = bytes.fromhex("0000000000987640")  # the value as it goes over the wire


@dataclass
class Cut:
    """A link that is cut as the plant answers a write."""

    link: LinkProxy
    frames: int = 0
    is_due: bool = False

    def __post_init__(self) -> None:
        self.link.alter(self._request, "up")
        self.link.alter(self._answer, "down")

    def _request(self, message: bytes) -> bytes:
        self.is_due = _BYTES in message
        self.frames += self.is_due
        return message

    def _answer(self, message: bytes) -> bytes:
        if self.is_due:
            self.link.cut()
            return b""
        return message


@dataclass
class _Ours:
    """Writes the set point and returns what it says of the outcome."""

    write_session: WriteSession
    tag: Tag

    async def write(self) -> str:
        try:
            await deliver(self.write_session, permit_for(self.write_session, self.tag, VALUE))
        except (WriteOutcomeUnknown, WriteRefused) as error:
            return type(error).__name__
        return "done"


@dataclass
class _Naive:
    client: NaiveOpcua

    async def write(self) -> str:
        try:
            await self.client.write(SETPOINT, VALUE)
        except ConnectionError as error:
            return type(error).__name__
        return "done"


Writer = _Ours | _Naive
Client = Callable[[PlantServer, LinkProxy, Path], AbstractAsyncContextManager[Writer]]


@asynccontextmanager
async def ours(plant: PlantServer, link: LinkProxy, folder: Path) -> AsyncGenerator[Writer]:
    site = site_of(folder / "site", replace(link_of(plant), opcua=link.port))
    tag = site.tags[SETPOINT]
    async with opened(site, tag) as session:
        yield _Ours(session, tag)


@asynccontextmanager
async def naive(plant: PlantServer, link: LinkProxy, folder: Path) -> AsyncGenerator[Writer]:
    del plant, folder
    client = NaiveOpcua(endpoint(link.port), namespace=1)
    client.client.set_user("gate")
    client.client.set_password(GATE_SECRET)
    async with client:
        yield _Naive(client)


@pytest.fixture(scope="module")
async def plant() -> AsyncGenerator[PlantServer]:
    async with served() as server:
        yield server


@pytest.mark.parametrize(
    ("client", "in_flight", "before"),
    [(ours, "WriteOutcomeUnknown", "WriteRefused"), (naive, "ConnectionError", "ConnectionError")],
    ids=["ours", "naive"],
)
async def test_a_write_in_flight_at_a_cut_is_told_apart_from_one_never_sent(
    plant: PlantServer, tmp_path: Path, client: Client, in_flight: str, before: str
) -> None:
    first = plant.simulation.plant.snapshot()
    async with LinkProxy(plant.opcua.port, opcua_messages) as link:
        cut = Cut(link)
        async with client(plant, link, tmp_path) as writer:
            assert await writer.write() == in_flight
            await eventually(lambda: plant.simulation.values()[SETPOINT] == VALUE)
            assert cut.frames == 1
            assert await writer.write() == before
            assert cut.frames == 1
    plant.simulation.plant.restore(first)
    await plant.step(0)
