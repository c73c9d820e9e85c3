"""The transmitters: true values to measured ones."""

from dataclasses import dataclass, field

# Standard deviations of the measurement noise, in the sensor's own unit, and the instrument ranges.
SENSORS: dict[str, tuple[float, float, float]] = {
    "LT-101": (0.15, 0.0, 100.0),
    "PDT-101": (0.3, 0.0, 150.0),
    "PT-102": (1.2, 0.0, 600.0),
    "FT-103": (0.25, 0.0, 100.0),
    "TT-105": (0.05, 0.0, 100.0),
    "TT-106": (0.05, 0.0, 50.0),
    "FT-201": (0.15, 0.0, 60.0),
    "TT-201": (0.08, 0.0, 120.0),
    "TT-202": (0.08, 0.0, 100.0),
    "IT-101A": (0.05, 0.0, 25.0),
    "IT-101B": (0.05, 0.0, 25.0),
    "VT-101A": (0.03, 0.0, 20.0),
    "VT-101B": (0.03, 0.0, 20.0),
    "TT-111A": (0.1, 0.0, 120.0),
    "TT-111B": (0.1, 0.0, 120.0),
}
CAVITATION_NOISE = "PT-102/cavitation"
CAVITATION_SIGMA_KPA = 100.0  # per unit of lost head factor


def _unread() -> dict[str, float]:
    return dict.fromkeys(SENSORS, 0.0)


@dataclass(slots=True)
class Readings:
    """The latest measured value of each sensor, in its own unit."""

    values: dict[str, float] = field(default_factory=_unread)

    def measure(self, sensor: str, true: float, noise: float) -> None:
        """Measures a true value; `noise` is a standard normal number. The range clips."""
        sigma, low, high = SENSORS[sensor]
        self.values[sensor] = min(max(true + sigma * noise, low), high)
