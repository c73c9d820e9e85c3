"""A simulated plant as an environment of gymnasium."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from handwheel.connectors.config.durations import parse_duration
from handwheel.evaluation.benchmark.responding.undisturbed import HarmMeter
from handwheel.evaluation.plants.installed_plants import create_plant, parse_fault
from handwheel.sim_plant.base import Plant
from handwheel.sim_plant.errors import WriteRejected
from handwheel.sim_plant.model import PlantTag
from handwheel.sim_plant.scenario import FaultEvent, bind_event

Observation = dict[str, NDArray[Any]]
Action = NDArray[np.float64]

_QUALITIES = {"uncertain": 1, "bad": 2}
_WIDEST = 1e9  # of a number without a measuring range


class PlantEnv(gymnasium.Env[Observation, Action]):
    """One plant, a step of which is some plant time with the writes of an action held.

    An observation has `values`, one number for each tag in the order of `tags` (truth values are 0
    and 1, words their number), and `quality`, 0 good, 1 uncertain, 2 bad. An action has one number
    for each of `inputs`; a truth value is true from 0.5 on. A number is written when it is another
    one than in the step before.
    Keep the last action and change its numbers: `held()` is for the first one, since a controller
    in automatic moves its own output.
    The reward is the negative cost of the step. An episode ends when a condition of the process
    trips equipment, or with its time. Equipment that the action itself stops ends nothing.

    `info` has `time_s`, `cost` (excess beyond the alarm limits as a share of each range, times
    minutes, of this step), `rejected` (reason by tag) and `tripped_by`. The fault is hidden unless
    `show_fault`. The same seed and actions give the same bytes on one machine.

    Args:
        model: Installed plant.
        fault: As `plants run --fault` takes it, such as `F01@10min`; `None` for none.
        step: Plant time of a step.
        horizon: Plant time of an episode.
        noise: Whether the sensors are noisy.

    Attributes:
        tags: Tags of the values of an observation.
        inputs: Tags of the numbers of an action.

    Raises:
        ScenarioError: There is no such plant, or the fault is wrong.
        ValueError: The step or the horizon is no time above 0.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012 (as gymnasium has it)

    def __init__(
        self,
        model: str,
        fault: str | None = None,
        *,
        step: str = "10 s",
        horizon: str = "2 h",
        noise: bool = True,
        show_fault: bool = False,
    ) -> None:
        self.render_mode = None
        self._model, self._noise, self._shows_fault = model, noise, show_fault
        self._step_s, self._horizon_s = parse_duration(step), parse_duration(horizon)
        if self._step_s <= 0.0 or self._horizon_s <= 0.0:
            raise ValueError(f"step {step!r} and horizon {horizon!r} must be longer than 0 s")
        plant = create_plant(model, 0, noise=noise)
        self._fault = _bound(plant, fault) if fault else None
        self.tags, self.inputs = list(plant.tags), list(plant.inputs)
        values = spaces.Box(-np.inf, np.inf, (len(self.tags),), np.float64)
        quality = spaces.MultiDiscrete([3] * len(self.tags))
        seen: Any = spaces.Dict({"values": values, "quality": quality})
        self.observation_space = seen
        limits = np.array([_limits(each) for each in self.inputs], dtype=np.float64)
        self._low, self._high = limits[:, 0], limits[:, 1]
        self.action_space = spaces.Box(self._low, self._high, dtype=np.float64)
        self._begin(plant)

    def _begin(self, plant: Plant) -> None:
        self.plant, self._meter = plant, HarmMeter(plant)
        self._cost, self._severity = 0.0, 0.0
        self._commanded = self.held()

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Starts an episode in the plant's warm steady state.

        Args:
            seed: Of noise and disturbances; another one each time if none is given.
            options: Not used.
        """
        super().reset(seed=seed)
        drawn = int(self.np_random.integers(2**31)) if seed is None else seed
        self._begin(create_plant(self._model, drawn, noise=self._noise))
        return self._observation(), self._info({})

    def step(self, action: Action) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Writes what an action changes, and lets the plant run for a step.

        Raises:
            ValueError: The action has another length, or a number that is not finite. Nothing is
                written.
        """
        action = np.asarray(action, dtype=np.float64)
        if action.shape != self._low.shape or not np.isfinite(action).all():
            raise ValueError(f"an action has {len(self.inputs)} finite numbers, one for each input")
        rejected = self._write(action)
        until_s = self.plant.time_s + self._step_s
        while self.plant.time_s < until_s - self.plant.step_s / 2 and not self.plant.first_trip():
            self._set_fault()
            self.plant.step()
            self._meter.observe(self.plant, self.plant.step_s)
        total = self._meter.harm(self.plant).excess_minutes
        cost, self._cost = total - self._cost, total
        is_over = self.plant.first_trip() is not None
        is_late = not is_over and self.plant.time_s >= self._horizon_s
        info = self._info(rejected) | {"cost": cost}
        return self._observation(), -cost, is_over, is_late, info

    def held(self) -> Action:
        """Returns the action that changes nothing."""
        values = self.plant.measurements()
        found = np.array([float(values[each.name]) for each in self.inputs], dtype=np.float64)
        return np.clip(found, self._low, self._high)

    def _write(self, action: Action) -> dict[str, str]:
        rejected = dict[str, str]()
        for tag, new, old in zip(self.inputs, action, self._commanded, strict=True):
            value = _value(tag, float(new))
            if value == _value(tag, float(old)):
                continue
            try:
                self.plant.write(tag.name, value)
            except WriteRejected as refusal:
                rejected[tag.name] = str(refusal)
        self._commanded = np.array(action, dtype=np.float64)
        return rejected

    def _set_fault(self) -> None:
        event = self._fault
        if event is None:
            return
        severity = event.severity(self.plant.time_s)
        if severity != self._severity:
            self.plant.inject(event.fault, event.parameters, severity)
            self._severity = severity

    def _observation(self) -> Observation:
        values, bad = self.plant.measurements(), self.plant.qualities()
        numbers = [_number(values[each.name]) for each in self.tags]
        qualities = [_QUALITIES.get(bad.get(each.name, ""), 0) for each in self.tags]
        return {
            "values": np.array(numbers, dtype=np.float64),
            "quality": np.array(qualities, dtype=np.int64),
        }

    def _info(self, rejected: Mapping[str, str]) -> dict[str, Any]:
        trip = self.plant.first_trip()
        info: dict[str, Any] = {
            "time_s": self.plant.time_s, "cost": 0.0, "rejected": dict(rejected),
            "tripped_by": trip[1] if trip else "",
        }  # fmt: skip
        if self._shows_fault and self._fault is not None:
            info["fault"] = self._fault.fault if self._severity > 0.0 else ""
        return info


def _bound(plant: Plant, fault: str) -> FaultEvent:
    bound = bind_event(plant, parse_fault(fault, plant.faults))
    assert isinstance(bound, FaultEvent)
    return bound


def _limits(tag: PlantTag) -> tuple[float, float]:
    low, high = tag.write or (-_WIDEST, _WIDEST)
    return max(low, -_WIDEST), min(high, _WIDEST)


def _value(tag: PlantTag, number: float) -> float | int | bool:
    if tag.kind == "bool":
        return number >= 0.5
    return number if tag.kind == "float" else round(number)


def _number(value: object) -> float:
    number = float(value) if isinstance(value, int | float) else 0.0
    return number if isfinite(number) else 0.0
