"""Plant time against wall time: what the published clock says must be true."""

import asyncio
from math import inf

from handwheel.sim_plant.scenario import Scenario
from handwheel.sim_plant.server.pacer import Pacer
from handwheel.sim_plant.simulation import Simulation

from ...plants.served import warm


async def _run(pacer: Pacer, ticks: int) -> int:
    published = 0

    async def publish() -> None:
        nonlocal published
        published += 1

    task = asyncio.create_task(pacer.run(publish))
    for _ in range(400):
        if published >= ticks:
            break
        await asyncio.sleep(0.005)
    task.cancel()
    await asyncio.wait([task])
    return published


async def test_at_speed_nought_the_plant_stands_still_is_published_and_goes_on_when_told() -> None:
    simulation = Simulation(warm(), Scenario())
    pacer = Pacer(simulation, 0.0)
    assert await _run(pacer, 2) >= 2
    assert simulation.plant.time_s == 0.0
    assert simulation.values()["SIM-CLOCK.speed"] == 0.0
    pacer.set_speed(60.0)
    assert await _run(pacer, 3) >= 3
    assert simulation.plant.time_s > 0.0
    assert simulation.values()["SIM-CLOCK.speed"] == 60.0


async def test_a_speed_that_the_machine_cannot_reach_is_published_as_it_is() -> None:
    for wanted in (inf, 1e9):
        simulation = Simulation(warm(), Scenario())
        assert await _run(Pacer(simulation, wanted), 5) >= 5
        published = simulation.values()["SIM-CLOCK.speed"]
        assert 100.0 < float(published) < 1e8
        assert simulation.plant.time_s > 100.0


async def test_a_plant_that_could_not_keep_up_does_not_catch_up_afterwards() -> None:
    simulation = Simulation(warm(), Scenario())
    pacer = Pacer(simulation, 1e6)  # about fifty times what a machine can do
    await _run(pacer, 3)
    pacer.speed = 1.0  # without `set_speed`, which would drop a debt as well
    before_s = simulation.plant.time_s
    await _run(pacer, 3)
    assert simulation.plant.time_s - before_s < 60.0
