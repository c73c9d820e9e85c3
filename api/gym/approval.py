"""A person between what an agent proposes and what the plant does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np

from handwheel.connectors.config.durations import parse_duration

from .plant_env import Action, Observation, PlantEnv


@dataclass(frozen=True, slots=True)
class Proposal:
    """Change that an agent wants.

    Attributes:
        writes: Wanted number of each input that changes, by its tag.
        time_s: Plant time of the proposal.
    """

    writes: Mapping[str, float]
    time_s: float


class Approval(gymnasium.Wrapper[Observation, Action, Observation, Action]):
    """Environment in which a change waits for a person, and is written only if they approve it.

    One proposal waits at a time; another one meanwhile is dropped. What was approved is held.
    `info` has `waiting`, whether one waits, and `decided`, `True` or `False` in the step in which
    the person decides, else `None`.

    Args:
        env: The plant.
        decides: Returns whether the person approves a proposal, asked when its time has come.
        after: Plant time for which a proposal waits.
    """

    def __init__(
        self, env: PlantEnv, decides: Callable[[Proposal], bool], after: str = "2 min"
    ) -> None:
        super().__init__(env)
        self._plant_env, self._decides, self._after_s = env, decides, parse_duration(after)
        self._waiting: Proposal | None = None
        self._held = env.held()

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Starts an episode. Nothing waits."""
        observation, info = self._plant_env.reset(seed=seed, options=options)
        self._waiting, self._held = None, self._plant_env.held()
        return observation, info | {"waiting": False, "decided": None}

    def step(self, action: Action) -> tuple[Observation, Any, bool, bool, dict[str, Any]]:
        """Proposes what an action changes, and writes what was approved by now."""
        time_s, inputs = self._plant_env.plant.time_s, self._plant_env.inputs
        decided: bool | None = None
        if self._waiting is not None and time_s - self._waiting.time_s >= self._after_s:
            decided = bool(self._decides(self._waiting))
            if decided:
                self._held = self._with(self._waiting)
            self._waiting = None
        if self._waiting is None and decided is None:
            pairs = zip(inputs, action, self._held, strict=True)
            changes = {tag.name: float(new) for tag, new, old in pairs if new != old}
            self._waiting = Proposal(changes, time_s) if changes else None
        observation, reward, is_over, is_late, info = self._plant_env.step(self._held)
        info |= {"waiting": self._waiting is not None, "decided": decided}
        return observation, reward, is_over, is_late, info

    def _with(self, proposal: Proposal) -> Action:
        wanted = [
            proposal.writes.get(tag.name, old)
            for tag, old in zip(self._plant_env.inputs, self._held, strict=True)
        ]
        return np.array(wanted, dtype=np.float64)
