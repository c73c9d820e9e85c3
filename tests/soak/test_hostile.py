"""A million replies of a hostile device, a long time behind a link: no wrong value is good."""

import asyncio
from random import Random
from time import monotonic

import pytest

from handwheel.sim_plant.link.framing import opcua_messages
from handwheel.sim_plant.link.proxy import LinkProxy

from ..pitfalls.modbus_clients import OursChecked, endure
from ..pitfalls.opcua_clients import NODES
from ..pitfalls.opcua_clients import endure as endure_opcua
from ..plants.devices.hostile_answers import DRAWN, drawn, hostile
from ..plants.devices.message_corruption import KINDS, Spoiler
from ..plants.devices.traceable_opcua import works

REPLIES = 1_000_000
READS = 5_000
SEED = 20261126
WRONG, LATE = 0.08, 0.003


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("window", [1, 8])
async def test_no_wrong_value_in_a_million_replies(
    capsys: pytest.CaptureFixture[str], window: int
) -> None:
    begun = monotonic()
    script = drawn(Random(SEED + window), WRONG, LATE)
    async with hostile(script, seed=SEED + window, late_s=0.03) as device:
        tally = await endure(device, OursChecked(device, window, 0.02), REPLIES)
        await asyncio.sleep(0.05)  # what is still on its way
    with capsys.disabled():
        print(f"\n{device.number} replies in {monotonic() - begun:.0f} s, seed {SEED + window},")
        print(f"window {window}, over {device.accepted} connections")
        print(f"sent: {device.sent.most_common()}")
        print(f"good {tally.good}, none {tally.none}; share {tally.share:.3f}")
    assert tally.wrong == []
    assert tally.share > 1 / 3
    assert device.sent.keys() == DRAWN


@pytest.mark.soak
@pytest.mark.timeout(900)
async def test_no_wrong_value_behind_a_link_that_spoils_messages(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with works(NODES) as plant, LinkProxy(plant.port, opcua_messages) as link:
        plant.reads.is_judged = True
        spoiler = Spoiler(link, SEED, 0.12)
        tally = await endure_opcua(plant, link, READS)
        spoiler.is_on = False
    with capsys.disabled():
        print(f"\n{READS} reads by halves of {NODES} nodes, seed {SEED}")
        print(f"sent: {spoiler.sent.most_common()}; good {tally.good}, none {tally.none}")
    assert tally.wrong == []
    assert tally.good > tally.none
    assert spoiler.sent.keys() == {*KINDS, "right"}
