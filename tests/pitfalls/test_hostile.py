"""Devices and links that spoil messages: no value that is not its own passes for good.

Over OPC UA the data in a body are not spoilt: without a security policy nothing protects them.
"""

from collections.abc import AsyncGenerator
from random import Random

import pytest

from handwheel.sim_plant.link.framing import opcua_messages
from handwheel.sim_plant.link.proxy import LinkProxy

from ..plants.devices.hostile_answers import DRAWN, SLOW, drawn, hostile
from ..plants.devices.message_corruption import KINDS, Spoiler
from ..plants.devices.traceable_opcua import Works, name_of, works
from .modbus_clients import NaiveChecked, OursChecked, endure
from .naive import NaiveModbus, NaiveOpcua
from .opcua_clients import NODES, endpoint
from .opcua_clients import Tally as OpcuaTally
from .opcua_clients import endure as endure_opcua

SEED = 20261126
WRONG, LATE = 0.08, 0.003
TIMEOUT_S = 0.05
LATE_S = 0.06


async def test_no_wrong_value_passes_for_good_from_a_hostile_modbus_device() -> None:
    for window in [1, 8]:
        script = drawn(Random(SEED), WRONG, LATE)
        async with hostile(script, seed=SEED, late_s=LATE_S) as device:
            tally = await endure(device, OursChecked(device, window, TIMEOUT_S), 2500)
        assert tally.wrong == 0, tally.examples
        assert tally.share > 0.4, window
        assert device.sent.keys() >= DRAWN - SLOW, window


async def test_a_naive_modbus_client_takes_wrong_values_for_good() -> None:
    """The twin: the same device is wrong in ways that can be believed."""
    # Without those at which pymodbus fails in its protocol, and asyncio logs it as a lost error.
    script = drawn(Random(SEED), WRONG, LATE, DRAWN - {"false byte count", "garbage"})
    async with (
        hostile(script, seed=SEED, late_s=LATE_S) as device,
        NaiveModbus(device.port, 0.02) as client,
    ):
        tally = await endure(device, NaiveChecked(client), 800)
    assert tally.wrong > 0
    assert tally.good > 0


@pytest.fixture(scope="module")
async def plant() -> AsyncGenerator[Works]:
    async with works(NODES) as plant:
        plant.reads.is_judged = True
        yield plant


async def test_no_wrong_value_passes_for_good_over_a_link_that_spoils_opcua_messages(
    plant: Works,
) -> None:
    async with LinkProxy(plant.port, opcua_messages) as link:
        spoiler = Spoiler(link, SEED, 0.15)
        tally = await endure_opcua(plant, link, 60)
        spoiler.is_on = False
    assert tally.wrong == []
    assert tally.good > tally.none
    assert spoiler.sent.keys() == {*KINDS, "right"}


async def test_a_naive_opcua_client_takes_an_old_answer_for_the_present_one(plant: Works) -> None:
    """asyncua goes by the number in the header alone, and not by the handle in the answer."""
    async with LinkProxy(plant.port, opcua_messages) as link:
        tally = OpcuaTally()
        async with NaiveOpcua(endpoint(link.port)) as client:
            Spoiler(link, SEED, 0.3, "old body")
            for _ in range(30):
                before = plant.reads.number
                values = await client.read([name_of(number) for number in range(NODES)])
                tally.judge(plant, dict(enumerate(values)), before)
            link.mend()
    assert tally.wrong
    assert tally.good
