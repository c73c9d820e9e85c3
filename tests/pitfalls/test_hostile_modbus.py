"""A hostile Modbus device: whatever it answers, no value that is not its own passes for good."""

from random import Random

from ..plants.devices.hostile_answers import DRAWN, SLOW, drawn, hostile
from .modbus_checked_reads import Naive, Ours, endure
from .naive.modbus import NaiveModbus

SEED = 20261126
WRONG, LATE = 0.08, 0.003
TIMEOUT_S = 0.05
LATE_S = 0.06


async def test_no_wrong_value_passes_for_good() -> None:
    for window in [1, 8]:
        script = drawn(Random(SEED), WRONG, LATE)
        async with hostile(script, seed=SEED, late_s=LATE_S) as device:
            tally = await endure(device, Ours(device, window, TIMEOUT_S), 2500)
        assert tally.wrong == 0, tally.examples
        assert tally.share > 0.4, window
        assert device.sent.keys() >= DRAWN - SLOW, window


async def test_a_naive_client_takes_wrong_values_for_good() -> None:
    """The twin: the same device is wrong in ways that can be believed."""
    # Without those at which pymodbus fails in its protocol, and asyncio logs it as a lost error.
    script = drawn(Random(SEED), WRONG, LATE, DRAWN - {"false byte count", "garbage"})
    async with (
        hostile(script, seed=SEED, late_s=LATE_S) as device,
        NaiveModbus(device.port, 0.02) as client,
    ):
        tally = await endure(device, Naive(client), 800)
    assert tally.wrong > 0
    assert tally.good > 0
