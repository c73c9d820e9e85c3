"""Transmitters of a plant with noise, range, resolution and faults."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .model import Quality
from .noise import ChanceBank, NoiseBank

_SUSPECT_AFTER_S = 50.0  # one minute with the alarm's delay of 10 s


@dataclass(frozen=True, slots=True)
class Sensor:
    """One transmitter."""

    name: str  # such as `PT-102`
    sigma: float  # standard deviation of its noise, in its own unit
    low: float  # lower end of the range, where it clips
    high: float  # upper end
    resolution: float = 0.0  # smallest difference that it shows, in its own unit; 0 shows any

    @property
    def span(self) -> float:
        """Width of the range, in its own unit."""
        return self.high - self.low


@dataclass(slots=True)
class SensorState:
    """State of a transmitter and its faults, with sizes in its own unit."""

    value: float = 0.0  # as measured last; a bad sample leaves it as it was
    is_faulty: bool = False  # a field below has or had a fault; code that changes one sets this
    gain: float = 1.0  # factor on the true value
    bias: float = 0.0  # added to it
    offset: float = 0.0  # added to it too, by a fault of the plant's own list
    drift: float = 0.0  # growth of `drifted`, per second
    drifted: float = 0.0  # sum of the drift
    is_frozen: bool = False  # it repeats its last value with good quality
    is_bad: bool = False  # every sample is bad
    dropout: float = 0.0  # share of the samples that are lost, 0..1; a lost one is bad
    spikes: float = 0.0  # share of the samples that jump, 0..1
    spike: float = 0.0  # size of a jump, up or down
    is_lost: bool = False  # the latest sample was lost
    unchanged_s: float = 0.0  # time for which the value has not changed by one bit, with noise on

    @property
    def is_good(self) -> bool:
        """Returns whether the latest sample is good."""
        return not (self.is_bad or self.is_lost)

    def calibrate(self) -> None:
        """Removes the errors of gain, bias and drift."""
        self.gain, self.bias, self.offset, self.drift, self.drifted = 1.0, 0.0, 0.0, 0.0, 0.0

    def replace(self) -> None:
        """Installs a new transmitter."""
        self.calibrate()
        self.is_frozen = self.is_bad = self.is_lost = self.is_faulty = False
        self.dropout = self.spikes = self.spike = 0.0


class SensorBank:
    """All transmitters of a plant, in the order of the true values.

    Their states are part of the plant's state. The seed is of the noise, if there is any, and of
    lost samples and spikes.

    Source: own; the order of the faults is that of the signal path: element
    (gain, bias, drift, noise), converter (resolution, range), electronics (frozen,
    spikes), link (lost or bad samples).
    """

    def __init__(
        self,
        sensors: Sequence[Sensor],
        seed: int | None,
        step_s: float,
        *,
        noise: bool = True,
    ) -> None:
        self.sensors = tuple(sensors)
        self._channels = [
            (each, each.name, each.sigma, each.low, each.high, each.resolution) for each in sensors
        ]
        self._is_noisy = noise and seed is not None
        names = [each.name for each in sensors]
        self._noise = NoiseBank(seed if self._is_noisy else None, names)
        self._chance = ChanceBank(seed or 0)
        self._step_s = step_s

    def fresh(self) -> dict[str, SensorState]:
        """Returns the states of new transmitters, by name, in the sensors' order."""
        return {each.name: SensorState() for each in self.sensors}

    def measure(
        self, states: Mapping[str, SensorState], step: int, true: Sequence[float]
    ) -> dict[str, float]:
        """Measures the true values, in the sensors' order and units, at a step from 0.

        Returns the measured values by name, `values(states)`; of a bad one the last good value.
        """
        noise = self._noise.row(step)
        is_noisy, step_s = self._is_noisy, self._step_s
        measured: dict[str, float] = {}
        for (sensor, name, sigma, low, high, resolution), state, value, number in zip(
            self._channels, states.values(), true, noise, strict=True
        ):
            if state.is_faulty:
                shown = self._faulty(sensor, state, step, value, number)
            else:  # as `_converted`, without its call
                shown = value + sigma * number
                if resolution:
                    shown = round(shown / resolution) * resolution
                if shown < low:
                    shown = low
                elif shown > high:
                    shown = high
            if shown == state.value and is_noisy:
                state.unchanged_s += step_s
            elif is_noisy:
                state.unchanged_s = 0.0
            state.value = measured[name] = shown
        return measured

    def _faulty(
        self, sensor: Sensor, state: SensorState, step: int, value: float, number: float
    ) -> float:
        state.drifted += state.drift * self._step_s
        error = state.bias + state.offset + state.drifted
        draw, name = self._chance.draw, sensor.name
        state.is_lost = state.dropout > 0.0 and draw(f"{name}/dropout", step) < state.dropout
        if state.is_frozen or not state.is_good:
            return state.value
        shown = _converted(sensor, state.gain * value + error + sensor.sigma * number)
        if state.spikes > 0.0 and (chance := draw(f"{name}/spike", step)) < state.spikes:
            spike = state.spike if chance < 0.5 * state.spikes else -state.spike
            shown = _converted(sensor, shown + spike)
        return shown


def _converted(sensor: Sensor, value: float) -> float:
    if sensor.resolution:
        value = round(value / sensor.resolution) * sensor.resolution
    if value < sensor.low:
        return sensor.low
    return min(value, sensor.high)


def values(states: Mapping[str, SensorState]) -> dict[str, float]:
    """Returns the measured values by the sensors' names."""
    return {name: state.value for name, state in states.items()}


def qualities(states: Mapping[str, SensorState]) -> dict[str, Quality]:
    """Returns the quality of those whose latest sample is not good."""
    return {name: "bad" for name, state in states.items() if not state.is_good}


def is_suspect(state: SensorState) -> bool:
    """Whether a sample is bad, or with noise has not changed by one bit for 50 s."""
    return state.is_bad or state.is_lost or state.unchanged_s >= _SUSPECT_AFTER_S
