"""A link that spoils OPC UA messages: no value that is not its own passes for good.

What is not spoilt is the data in a body: without a security policy nothing protects them, see
`tests.sim_plant.link.test_readers`.
"""

from collections.abc import AsyncGenerator

import pytest

from handwheel.sim_plant.link.framing import opcua_messages
from handwheel.sim_plant.link.proxy import LinkProxy

from ..plants.devices.message_corruption import KINDS, Spoiler
from ..plants.devices.traceable_opcua import Works, name_of, works
from .naive.opcua import NaiveOpcua
from .opcua_checked_reads import NODES, Tally, endure
from .opcua_clients import endpoint

SEED = 20261126
SHARE = 0.15
READS = 60


@pytest.fixture(scope="module")
async def plant() -> AsyncGenerator[Works]:
    async with works(NODES) as plant:
        plant.reads.is_judged = True
        yield plant


async def test_no_wrong_value_passes_for_good(plant: Works) -> None:
    async with LinkProxy(plant.port, opcua_messages) as link:
        spoiler = Spoiler(link, SEED, SHARE)
        tally = await endure(plant, link, READS)
        spoiler.is_on = False
    assert tally.wrong == []
    assert tally.good > tally.none
    assert spoiler.sent.keys() == {*KINDS, "right"}


async def test_a_naive_client_takes_an_old_answer_for_the_present_one(plant: Works) -> None:
    """asyncua goes by the number in the header alone, and not by the handle in the answer."""
    async with LinkProxy(plant.port, opcua_messages) as link:
        tally = Tally()
        async with NaiveOpcua(endpoint(link.port)) as client:
            Spoiler(link, SEED, 0.3, "old body")
            for _ in range(30):
                before = plant.reads.number
                values = await client.read([name_of(number) for number in range(NODES)])
                tally.judge(plant, dict(enumerate(values)), before)
            link.mend()
    assert tally.wrong
    assert tally.good
