"""The warm parent of a kill run at each statement: it only forks.

It opens no ledger, no loop and no socket: what a fork would share is opened by the forked.
"""

import asyncio
import json
import os
import shutil
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from pathlib import Path
from time import monotonic, sleep
from typing import Self

from handwheel.connectors.model.site import Site
from handwheel.tools.errors import LedgerError

from ..defects import DEFECTS
from ..process_group import GivenUp
from ..site import World
from .actors import (
    approve,
    at_commit,
    clear_up,
    lock_out_at_intent,
    resolve,
    stand,
    take_stock,
)
from .device import OrderedDevice
from .forks import Forks, Work
from .ledger_view import state_at_death
from .message_watch import watch_message
from .operators import LIFE_S, People, has_left
from .run import open_and_order, take_back
from .scenarios import PLAIN, Scenario, Start
from .trace import Aim, Statement, Watch, Way, read_way
from .warm_up import warm_site

_KEPT_S = 600.0
"""How long a ledger to begin with is used; what waits in it expires in half an hour."""
_ALONE = Scenario("a gate comes and goes", part="nothing")
_ASKED = Scenario("people ask", start="nothing", part="asks", asks_for=1)

Moment = Aim | Start | float | None
"""When the victim dies: at a statement, when its action has come to a state, after so many seconds,
wherever it is then, or not at all."""


@dataclass(frozen=True)
class Found:
    """What came of a round.

    Attributes:
        state: Of what moved last, as the ledger had it when the victim was dead.
        resolved: How many outcomes a person has resolved.
    """

    way: Way
    state: str
    resolved: int
    frames: int
    faults: Sequence[str]


@dataclass(frozen=True)
class _Beginning:
    """A ledger to begin with, and the frames that belong to it."""

    state: Path | None
    frames: str
    made_s: float = inf


class Warm:
    """One site and one device for all the rounds; each begins with a ledger of its own.

    Args:
        world: In an empty folder.

    Attributes:
        defect: Of the gate that dies; see `defects`.
    """

    defect = "none"

    def __init__(self, world: World) -> None:
        world.root.mkdir(parents=True, exist_ok=True)
        self._world, self._device = world, OrderedDevice(world.frames)
        world.make(self._device.ports["modbus"], self._device.ports["modbus_gate"])
        self._site = warm_site(world)
        self._people = People(world)
        self._forks = Forks(world.root / "errors.log")
        self._beginnings: dict[Start, _Beginning] = {"nothing": _Beginning(None, "")}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._device.close()

    def play(self, scenario: Scenario, moment: Moment = None) -> Found:
        """Plays a scenario, with its victim dying at a moment, and has the end judged."""
        beginning = self._beginning(scenario.start)
        before = self._lay(scenario, beginning)
        way = self._live(scenario, moment)
        return self._judged(scenario, way, beginning, before)

    def _lay(self, scenario: Scenario, beginning: _Beginning) -> int:
        """Puts ledger and device to where a scenario begins; returns the frame log's size."""
        state = self._world.state
        shutil.rmtree(state, ignore_errors=True)
        if beginning.state is not None:
            _copy(beginning.state, state)
        if scenario.lockout == "before":
            (state / "lockout").mkdir(parents=True, exist_ok=True)
            (state / "lockout" / "site").touch()
        self._device.begin(scenario.always, beginning.frames)
        return self._device.size()

    def _beginning(self, start: Start) -> _Beginning:
        kept = self._beginnings.get(start)
        if kept is None or monotonic() - kept.made_s > _KEPT_S:
            kept = self._beginnings[start] = self._begun(start)
        return kept

    def _begun(self, start: Start) -> _Beginning:
        """Makes a ledger to begin with, by a request or a death of its own."""
        if start == "empty":
            self._lay(PLAIN, self._beginning("nothing"))
            self._live(_ALONE, None)
            return self._kept(start, "")
        if start in {"asked", "leased"}:
            self._lay(PLAIN, self._beginning("nothing"))
            self._live(replace(_ASKED, is_leased=start == "leased"), None)
            return self._kept(start, "")
        if start == "unknown":
            sent = self._beginning("sent")
            self._lay(PLAIN, sent)
            self._live(_ALONE, None)
            return self._kept(start, sent.frames)
        for _ in range(5):  # where the machine is busy, a gate may find its reading too old
            before = self._lay(PLAIN, self._beginning("asked"))
            if self._live(PLAIN, start).died_at is not None:
                return self._kept(start, self._device.frames(before))
        raise GivenUp(f"no gate died with its action {start}")

    def _kept(self, start: Start, frames: str) -> _Beginning:
        kept = self._world.root / "beginnings" / start
        shutil.rmtree(kept, ignore_errors=True)
        _copy(self._world.state, kept)
        return _Beginning(kept, frames, monotonic())

    @property
    def _note(self) -> Path:
        return self._world.root / "way.json"

    def _live(self, scenario: Scenario, moment: Moment) -> Way:
        """Has gate and terminal at work until one of them ends, and then the other."""
        self._note.unlink(missing_ok=True)
        self._people.kept.unlink(missing_ok=True)
        sit = partial(self._sit, scenario) if scenario.part != "nothing" else None
        killed = self._meet(partial(self._stand, scenario), sit, scenario, moment)
        if isinstance(moment, float):
            return Way({}, Statement("anywhere", 0) if killed else None)
        return read_way(self._note)

    def _meet(
        self,
        stand_: Callable[[int], object],
        sit: Callable[[int], object] | None,
        scenario: Scenario = _ALONE,
        moment: Moment = None,
        *,
        is_watched: bool = True,
    ) -> bool:
        """Forks a gate and a terminal, and waits until both have ended; says if one was killed."""
        of_gate, by_gate = os.pipe()
        of_terminal, by_terminal = os.pipe()
        works: dict[str, Work] = {"gate": partial(stand_, of_terminal)}
        if sit is not None:
            works["terminal"] = partial(sit, of_gate)
        needless = {"gate": (of_gate, by_terminal), "terminal": (of_terminal, by_gate)}
        if is_watched and not isinstance(moment, float):
            victim = scenario.victim
            works[victim] = partial(self._watched, works[victim], scenario, moment)
        pids = {name: self._forks.fork(work, needless[name]) for name, work in works.items()}
        for pipe in (of_gate, by_gate, of_terminal, by_terminal):
            os.close(pipe)
        if isinstance(moment, float):
            sleep(moment)
            os.kill(pids[scenario.victim], signal.SIGKILL)  # nothing, if it has ended before
        killed = [
            self._forks.wait(name, pid, may_die=is_watched and name == scenario.victim)
            for name, pid in pids.items()
        ]
        return any(killed)

    def _stand(self, scenario: Scenario, people: int) -> None:
        DEFECTS[self.defect]()
        if scenario.lockout == "at the intent":
            lock_out_at_intent(self._world.state)
        asyncio.run(stand(self._site, people))

    def _sit(self, scenario: Scenario, gate: int) -> None:
        people = self._people
        people.sit_down(gate)
        try:
            if scenario.part == "asks":
                people.ask(scenario.asks_for, is_leased=scenario.is_leased)
            elif scenario.part == "resolves":
                resolve(people, gate)
            elif scenario.part == "takes back":
                take_back(people, gate)
            elif scenario.part == "orders":
                open_and_order(people)
            else:
                approve(people, gate, asks_for=scenario.asks_for)
        except LedgerError:
            if not has_left(gate, LIFE_S):
                raise  # it was not for want of a gate

    def _watched(self, work: Work, scenario: Scenario, moment: Moment) -> None:
        aim = moment if isinstance(moment, Aim) else None
        watch = Watch(self._note, aim, self._until(moment) if isinstance(moment, str) else None)
        if scenario.message:
            watch_message(watch, scenario.message)
            work()
            return
        watch.begin()
        work()
        watch.end()

    def _until(self, start: Start) -> Callable[[], bool]:
        if start == "sent":
            before = self._device.size()
            return lambda: self._device.size() > before
        kind = {"due": "action.DUE", "claimed": "action.CLAIMED", "intended": "action.SENDING"}
        seen = set[str]()
        at_commit(seen.add)
        return lambda: kind[start] in seen

    def _judged(self, scenario: Scenario, way: Way, beginning: _Beginning, before: int) -> Found:
        root = self._world.root
        export, result, stock, state = (
            root / name for name in ("export.jsonl", "result.json", "stock.json", "state")
        )
        export.unlink(missing_ok=True)
        self._forks.do("reader", lambda: state.write_text(state_at_death(self._site)))
        self._meet(partial(_stand_next, self._site), self._clear_up(result), is_watched=False)
        self._forks.do("reader", partial(take_stock, self._site, self._world, export, stock))
        said = json.loads(result.read_text(encoding="utf-8"))
        frames = beginning.frames + self._device.frames(before)
        report = self._world.judged_by(frames, export.read_text(encoding="utf-8"))
        unfit = json.loads(stock.read_text(encoding="utf-8"))
        faults, count = [*report.faults, *said["faults"], *unfit], len(frames.splitlines())
        if count > scenario.frames:
            faults.append(f"{count} frames, and there may be {scenario.frames}")
        at_death = state.read_text(encoding="utf-8")
        return Found(way, at_death, len(said["resolved"]), count, faults)

    def _clear_up(self, result: Path) -> Callable[[int], None]:
        def sit(gate: int) -> None:
            self._people.sit_down(gate)
            clear_up(self._people, result)

        return sit


def _stand_next(site: Site, people: int) -> None:
    asyncio.run(stand(site, people))


def _copy(state: Path, to: Path) -> None:
    """Copies a state folder that nobody has open, but for the sockets of the dead."""

    def sockets(folder: str, names: list[str]) -> list[str]:
        return [each for each in names if (Path(folder) / each).is_socket()]

    shutil.copytree(state, to, ignore=sockets)
