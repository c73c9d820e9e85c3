"""Reads over a link that spoils messages and judges every good value by what it says of itself."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.values import Quality
from handwheel.connectors.session.protocols import Session
from handwheel.sim_plant.link.proxy import LinkProxy

from ..plants.devices.traceable_opcua import Works, name_of
from .opcua_clients import connector_of, node

NODES = 20
HALVES: Sequence[Sequence[int]] = [range(0, NODES, 2), range(1, NODES, 2)]
TIMEOUT = "200 ms"


@dataclass
class Tally:
    good: int = 0
    none: int = 0
    wrong: list[str] = field(default_factory=list[str])

    def judge(self, plant: Works, values: Mapping[int, object], before: int) -> None:
        for number, value in values.items():
            if isinstance(value, int) and plant.reads.is_true(number, value, before):
                self.good += 1
            else:
                self.wrong.append(f"{name_of(number)} read {value}, asked after {before}")


async def _read(session: Session, numbers: Sequence[int]) -> Mapping[int, object]:
    readings = await session.read([node(number) for number in numbers])
    return {
        number: readings[name_of(number)].value
        for number in numbers
        if readings[name_of(number)].quality is Quality.GOOD
    }


async def endure(plant: Works, link: LinkProxy, reads: int) -> Tally:
    """Reads both halves at once, again and again, over a new session after each loss."""
    tally = Tally()
    session: Session | None = None
    for _ in range(reads):
        before = plant.reads.number
        try:
            session = session or await connector_of(link.port, timeout=TIMEOUT).open()
            before = plant.reads.number
            halves = await asyncio.gather(
                *(_read(session, half) for half in HALVES), return_exceptions=True
            )
        except NotConnected:
            halves = []
        values: dict[int, object] = {}
        for half in halves:
            if not isinstance(half, BaseException):
                values |= half
            elif not isinstance(half, NotConnected):
                raise half
        tally.judge(plant, values, before)
        tally.none += NODES - len(values)
        if len(values) < NODES and session is not None:
            await session.close()
            session = None
    if session is not None:
        await session.close()
    return tally
