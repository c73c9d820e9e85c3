"""Residuals of a twin while its plant is steady, the measured less the settled model."""

from collections.abc import Iterable, Sequence

from handwheel.agents.diagnosis.methods.steadiness import is_steady
from handwheel.sim_plant.base import Plant

from .measured import Measured

Limits = Sequence[tuple[str, float]]
"""Tags of a steady plant, and by how much the minute means of each may differ."""


def residuals_of(
    plant: Plant, measured: Measured, limits: Limits, last_s: float, tags: Iterable[str],
    settle_s: float,
) -> dict[str, float]:  # fmt: skip
    """Returns the measured less the modelled value of each tag, a share of its range.

    There are none unless nothing has moved within a window, also not since its last closed bucket.

    Args:
        plant: Model at the estimate, which is advanced until its loops have answered what it
            lacks.
    """
    if not is_steady(measured.windows, limits, last_s) or any(
        abs(measured.now(tag) - measured.value(tag)) > limit for tag, limit in limits
    ):
        return {}
    for _ in range(round(settle_s / plant.step_s)):
        plant.step()
    modelled = plant.measurements()
    spans = {each.name: each.span or (0.0, 100.0) for each in plant.tags}
    return {
        tag: (measured.value(tag) - float(modelled[tag])) / (spans[tag][1] - spans[tag][0])
        for tag in tags
    }
