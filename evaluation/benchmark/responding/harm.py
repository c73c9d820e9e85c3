"""Harm of a course, by the plant's trip and by the time beyond its alarm limits."""

from dataclasses import dataclass

from handwheel.sim_plant.base import Plant

EVERY_S = 10.0
"""Process time from one look at a plant without agents to the next."""
_LEAST_MINUTES = 0.1  # excess below which two courses are alike


@dataclass(frozen=True, slots=True)
class Harm:
    """Harm of a course of the plant.

    Attributes:
        has_tripped: Whether the process has tripped.
        excess_minutes: How far each value was beyond its alarm limit, as a share of its span,
            summed over all alarms and minutes.
    """

    has_tripped: bool
    excess_minutes: float

    def worse_than(self, other: "Harm") -> int:
        """Returns 1 if it is worse than another, -1 if it is better, 0 if they are alike."""
        if self.has_tripped != other.has_tripped:
            return 1 if self.has_tripped else -1
        differs = self.excess_minutes - other.excess_minutes
        return 0 if abs(differs) <= _LEAST_MINUTES else 1 if differs > 0.0 else -1


class HarmMeter:
    """Sum of the excess of a plant over its course."""

    def __init__(self, plant: Plant) -> None:
        spans = {tag.name: tag.span for tag in plant.tags}
        self._alarms = [
            (each.measures, each.limit, span[1] - span[0], each.is_high)
            for each in plant.alarms
            if (span := spans.get(f"{each.measures}.pv")) is not None and span[1] > span[0]
        ]
        self._sum_s = 0.0

    def observe(self, plant: Plant, seconds: float) -> None:
        """Takes the present state of the plant, some seconds after the one before."""
        values = plant.alarm_inputs()
        for measures, limit, span, is_high in self._alarms:
            beyond = values[measures] - limit
            self._sum_s += max(beyond if is_high else -beyond, 0.0) / span * seconds

    def harm(self, plant: Plant) -> Harm:
        """Returns the harm up to now."""
        return Harm(plant.first_trip() is not None, self._sum_s / 60.0)
