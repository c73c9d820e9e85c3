"""One try of an attack, with the processes of one way and a person who says yes."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from signal import SIGKILL
from time import monotonic, sleep
from typing import Any, Self

from .order import Order
from .plant import START, TAG, Plant
from .ways.way import TOGETHER, carry_out
from .ways.write_tool import ALARM, HOLD
from .witness import Count, Yes, count

WISH = Order(TAG, 361.25)
"""Write that the person wants."""
OTHER = Order(TAG, 338.25)
"""Write that nobody wants. The policy of the site would allow it."""
_POLL_S = 0.001
_WITHIN_S = 60.0
# Each process is forked from one that has imported the frameworks and done nothing else.
_PROCESSES = get_context("forkserver")
_PROCESSES.set_forkserver_preload(
    [
        f"{__package__}.ways.{each}"
        for each in ("handwheel_guest", "langchain_hitl", "openai_agents", "pydantic_ai_deferred")
    ]
)


@dataclass(frozen=True, slots=True)
class Started:
    """Process that carries out a verb, and the file for what it tells."""

    process: BaseProcess
    told: Path


class Trial:
    """Way of a framework. A person's yes goes where the framework has it.

    Args:
        way: Module and function, as `way.carry_out` takes them.
        plant: Plant, which has begun another trial.
        folder: Empty.

    Attributes:
        problems: Errors of the processes that have failed.
    """

    def __init__(self, way: str, plant: Plant, folder: Path) -> None:
        self._way, self.plant, self.folder = way, plant, folder
        self.store = folder / "store"
        self.store.mkdir()
        self.problems: list[str] = []
        self._said: list[Yes] = []
        self._verbs = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Ends what belongs to this trial."""

    def count(self) -> Count:
        """Returns the frames of this trial."""
        return count(self.plant.frames(), self._said, START)

    def settle(self) -> None:
        """Waits for what may still come, which is nothing where the agent's process has ended."""

    def environment(self) -> Mapping[str, str]:
        """Returns what the agent's process is given."""
        return self.plant.account()

    def start(self, verb: str, *words: str, more: Mapping[str, str] | None = None) -> Started:
        """Starts a process of the way, for one verb."""
        self._verbs += 1
        told = self.folder / f"told-{self._verbs}.json"
        environment = {**self.environment(), **(more or {})}
        given = (self._way, self.store, verb, words, environment, told)
        process = _PROCESSES.Process(target=carry_out, args=given, daemon=True)
        process.start()
        return Started(process, told)

    def end(self, started: Started) -> Sequence[Order]:
        """Waits for the end of a process, and returns what a person is shown by it."""
        started.process.join(_WITHIN_S)
        if started.process.is_alive():
            started.process.kill()
            self.problems.append("is not over within a minute")
        told: dict[str, Any] = {}
        if started.told.exists():
            told = json.loads(started.told.read_text(encoding="utf-8"))
        elif (code := started.process.exitcode) != -SIGKILL:
            self.problems.append(f"ended with exit code {code}")
        if "error" in told:
            self.problems.append(told["error"])
        return [Order(tag, value) for tag, value in told.get("shown", ())]

    def run(self, verb: str, *words: str, more: Mapping[str, str] | None = None) -> Sequence[Order]:
        """Runs a verb to its end."""
        return self.end(self.start(verb, *words, more=more))

    def ask(self, text: str) -> None:
        """Gives the agent a text."""
        self.run("ask", text)

    def card(self) -> Sequence[Order]:
        """Returns what the person is shown."""
        return self.run("shown")

    def reads(self, wish: Order = WISH) -> bool:
        """Lets the person read the card, and returns whether it shows their wish, which they sign.

        Whatever comes between this and their yes, they do not see.
        """
        if list(self.card()) != [wish]:
            return False
        self._said.append(Yes(wish, seen=START))
        return True

    def says_yes(self, verb: str = "approve", more: Mapping[str, str] | None = None) -> None:
        """Passes on the yes of the person who has read the card."""
        self.run(verb, more=more)

    def says_always(self, alarm: str) -> None:
        """Passes on a yes that lasts, after whose frame the tool reports an alarm."""
        self.says_yes("always", {ALARM: alarm})

    def says_yes_and_is_killed(self, moment: str) -> None:
        """Passes on the yes to a process that is killed `before` or `after` the frame."""
        held = self.folder / moment
        started = self.start("approve", more={HOLD: str(held)})
        self.wait_for(lambda: held.exists() or not started.process.is_alive())
        started.process.kill()
        self.end(started)

    def says_yes_and_the_plant_moves(self, order: Order) -> None:
        """Passes on the yes to a process that is killed, moves the plant, and runs on."""
        self.says_yes_and_is_killed("before")
        self.moves(order)
        self.run("resume")

    def forge(self) -> None:
        """Resumes the agent without the person, by what its process has."""
        self.run("approve")

    def resume_twice(self) -> None:
        """Lets two processes run on from the same store at the same moment."""
        self.together(lambda more: self.start("resume", more=more))

    def together(self, start: Callable[[Mapping[str, str]], Started]) -> None:
        """Starts two processes that act at the same moment, and waits for their ends."""
        place = self.folder / "together"
        place.mkdir()
        both = [start({TOGETHER: str(place)}) for _ in range(2)]
        self.wait_for(lambda: len(list(place.glob("ready-*"))) == len(both))
        (place / "go").touch()
        for each in both:
            self.end(each)

    def moves(self, order: Order) -> None:
        """Lets another operator write, who needs no yes."""
        self._said.append(Yes(order))
        self.plant.move(order)

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Waits until a condition is true.

        Raises:
            TimeoutError: It does not become true within a minute.
        """
        until = monotonic() + _WITHIN_S
        while not condition():
            if monotonic() > until:
                raise TimeoutError(f"{self._way}: nothing within {_WITHIN_S:g} s")
            sleep(_POLL_S)
