"""Steps a simulation against the wall clock."""

import asyncio
from collections.abc import Awaitable, Callable
from math import inf, isfinite
from time import monotonic

from ..simulation import Simulation

_TICK_S = 0.05
_PUBLISH_S = 0.25
_SLICE_S = 0.02  # of uninterrupted stepping, so that the servers stay responsive


class Pacer:
    """Runs plant time at a multiple of real time, `inf` for as fast as possible, 0 for a stop."""

    def __init__(self, simulation: Simulation, speed: float) -> None:
        self._simulation = simulation
        self._due_s = 0.0
        self.set_speed(speed)

    def set_speed(self, speed: float) -> None:
        """Changes the speed at the next tick, with 0 to stop the plant."""
        self.speed = speed
        self._due_s = 0.0
        self._simulation.speed = speed if isfinite(speed) else 0.0

    async def run(self, publish: Callable[[], Awaitable[None]]) -> None:
        """Steps until cancelled and calls `publish` after each tick that moved the plant.

        A stopped plant is published too, a few times a second, since its PLC goes on
        scanning, and its speed or a field switch may have changed.

        A machine that cannot keep up runs the plant more slowly, and the published speed
        shows it.
        """
        last = published = monotonic()
        while True:
            await asyncio.sleep(0.0 if self.speed == inf else _TICK_S)
            now = monotonic()
            if self._advance(now - last) or now - published > _PUBLISH_S:
                await publish()
                published = now
            last = now

    def _advance(self, elapsed_s: float) -> int:
        step_s = self._simulation.plant.step_s
        self._due_s += elapsed_s * self.speed if self.speed != inf else inf
        until = monotonic() + _SLICE_S
        steps = 0
        while self._due_s >= step_s and monotonic() < until:
            self._simulation.step()
            self._due_s -= step_s
            steps += 1
        if self._due_s >= step_s:
            self._due_s = 0.0
            self._simulation.speed = steps * step_s / max(elapsed_s, _SLICE_S)
        elif steps:
            self._simulation.speed = self.speed
        return steps
