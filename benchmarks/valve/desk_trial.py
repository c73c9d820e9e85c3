"""Trial of Handwheel, whose person reads and signs at the desk, beside the agent's process."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import Popen
from time import sleep
from typing import Any

from .desk import Desk
from .order import Order
from .plant import Plant
from .trial import Trial
from .ways.way import FOLLOWED_S

_AGENT_WAITS_S = 4.0
_SETTLED_S = 1.0
_HIT = "UNKNOWN"  # state of an action whose gate was killed before it knew the outcome


class DeskTrial(Trial):
    """Way of Handwheel at a site that runs."""

    def __init__(self, way: str, plant: Plant, folder: Path, desk: Desk) -> None:
        super().__init__(way, plant, folder)
        self._desk = desk
        self._read: Sequence[Mapping[str, Any]] = ()
        self._is_gate_killed = False

    def __exit__(self, *error: object) -> None:
        if self._is_gate_killed:
            self._desk.renew()
        else:
            self._desk.clear()

    def environment(self) -> Mapping[str, str]:
        """Returns the site's folder. The agent's process is given no account of the plant."""
        site = self._desk.place.environment["HANDWHEEL_SITE"]
        return {"HANDWHEEL_SITE": site, FOLLOWED_S: str(_AGENT_WAITS_S)}

    def card(self) -> Sequence[Order]:
        """Returns the writes of the requests that wait, as the person's terminal shows them."""
        self._read = self._desk.waiting()
        actions = [action for each in self._read for action in each["actions"]]
        return [Order(each["tag"], each["value"]) for each in actions]

    def says_yes(self, verb: str = "approve", more: Mapping[str, str] | None = None) -> None:
        """Signs what the card has shown, twice at once if so asked, and lets the agent go on."""
        times = 2 if verb == "approve-twice" else 1
        for each in [each for _ in range(times) for each in self._desk.sign(self._read)]:
            self._end(each)
        self.run("resume", more=more)

    def says_yes_and_is_killed(self, moment: str) -> None:
        """Signs while the agent's process is down. `after` the frame the gate is killed too.

        Raises:
            RuntimeError: The gate knew the outcome already when it was killed.
        """
        signing = self._desk.sign(self._read)
        if moment == "after":
            self._is_gate_killed = True
            self.wait_for(lambda: bool(self.plant.frames()))
            self._desk.kill_gate()
            if (states := self._desk.states(self._read)) != {_HIT}:
                raise RuntimeError(f"the gate was killed too late: {states}")
        for each in signing:
            self._end(each)

    def says_yes_and_the_plant_moves(self, order: Order) -> None:
        """Moves the plant after the card was read, since yes and frame are one step here."""
        self.moves(order)
        self.says_yes()

    def forge(self) -> None:
        """Resumes the agent by forged words, then as its page says."""
        super().forge()
        self.run("resume")

    def settle(self) -> None:
        """Waits for a frame that may still come."""
        sleep(_SETTLED_S)

    def _end(self, signing: Popen[str]) -> None:
        _, log = signing.communicate()
        if signing.returncode:
            self.problems.append(log.strip() or f"ended with exit code {signing.returncode}")
