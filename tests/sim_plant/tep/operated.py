"""A plant that is operated: upset it, run it, look at its valves."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from handwheel.sim_plant.tep.plant import TennesseeEastman, create

from ..stepping import go_on

MANUAL, AUTO, CASCADE = 0, 1, 2


@cache
def _upset(seed: int | None) -> Mapping[str, Any]:
    plant = create(seed)
    plant.inject("IDV4", {}, 1.0)
    plant.inject("IDV6", {}, 0.5)
    run(plant, 1200)
    return plant.snapshot()


def upset(seed: int | None = None) -> TennesseeEastman:
    """A plant in which everything moves: warmer cooling water, and half of stream 1 lost."""
    plant = create(seed)
    plant.restore(_upset(seed))
    return plant


def run(plant: TennesseeEastman, seconds: int) -> None:
    go_on(seconds, plant)


def xmv(plant: TennesseeEastman) -> list[float]:
    return list(plant.state.process.xmv)


def largest_move(before: Sequence[float], after: Sequence[float]) -> float:
    return max(abs(a - b) for a, b in zip(before, after, strict=True))
