"""Plant, gate and agents of a simulated site as child processes, in a thread of their own."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any, Self

from handwheel.connectors.errors import ConfigError, NotConnected
from handwheel.connectors.model.site import Site, load_site
from handwheel.evaluation.plants.installed_plants import parse_speed
from handwheel.playbooks.engine.states import EventKind
from handwheel.sim_plant.errors import ScenarioError, ServeError
from handwheel.sim_plant.model import PlantEvent
from handwheel.tools.guardrails.ledger.runs import PREFIX
from handwheel.tools.safe_text import LONG, printable

from ...journal.rows.row_line import run_event_line
from ..local_system.child_process import ChildProcess
from ..local_system.people import GRANTED_EQUIPMENT, GRANTOR, grant_to_agents
from ..plant.event_text import event_line
from ..served_plant import ServedPlant
from .simulated_site import SimulatedSite

_POLL_S = 0.5
_ASKED = f"{PREFIX}{EventKind.FILED}"
_RUN_SPEED = 5.0  # plant seconds per second that a run can follow on a busy machine


class _Next(Enum):
    """Next thing to do with gate and agents."""

    STOP = auto()
    AGENTS = auto()  # start the agents again
    ALL = auto()  # start gate and agents again


@dataclass(frozen=True, slots=True)
class StartedSite:
    """A site whose processes are at work."""

    simulated: SimulatedSite
    site: Site


class LocalProcesses:
    """Runs plant, gate and agents while the context is open, and starts them again on changes.

    Args:
        folder: Empty, for logs and for the password of the plant.
        open_site: Takes the plant's ports and returns the site.

    Attributes:
        news: Lines about the processes, and the site when its files were read again.
    """

    def __init__(
        self,
        folder: Path,
        plant: ServedPlant,
        faults: tuple[str, ...],
        open_site: Callable[[dict[str, int]], SimulatedSite],
    ) -> None:
        self._folder, self._plant, self._faults = folder, plant, faults
        self._open_site = open_site
        self._started: Future[StartedSite] = Future()
        self._loop = asyncio.new_event_loop()
        self._work = self._loop.create_task(self._serve())
        self._stop = asyncio.Event()
        self._thread = Thread(target=self._run, name="processes", daemon=True)
        self._served: ChildProcess | None = None
        self._speed = 1.0  # plant seconds per second
        self._files: dict[str, tuple[float, int]] = {}
        self._copied = ("", "")  # the site's folder, and that whose files a person edits
        self.news: SimpleQueue[str | Site] = SimpleQueue()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def started(self) -> StartedSite:
        """Waits until all are at work.

        Raises:
            ServeError: One of them does not start; says why.
            HandwheelError: The site cannot be used.
        """
        return self._started.result()

    def __exit__(self, *error: object) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._end)
        self._thread.join()

    def _end(self) -> None:
        self._stop.set()
        if not self._started.done():
            self._work.cancel()

    def tell_plant(self, line: str) -> None:
        """Sends a line to the plant's console."""
        if line.startswith("speed "):
            with suppress(ScenarioError):  # the plant itself says what is wrong
                self._speed = parse_speed(line.removeprefix("speed ").strip())
        served = self._served
        if served is not None:
            self._loop.call_soon_threadsafe(served.send_line, line)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._work)
        except BaseException as error:  # noqa: BLE001 (the waiting thread raises it)
            if self._started.done():
                self.news.put(printable(f"the processes have ended: {error}", LONG))
            else:
                self._started.set_exception(error)
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        words = self._plant.words(self._folder, self._faults)
        async with ChildProcess(
            "the plant", words, self._folder / "plant.log", self._hear_plant
        ) as plant:
            self._served = plant
            simulated = await asyncio.to_thread(self._open_site, dict(plant.ready["ports"]))
            await self._serve_site(StartedSite(simulated, load_site(simulated.root)))

    async def _serve_site(self, started: StartedSite) -> None:
        simulated = started.simulated
        self._files = simulated.edited_files()
        self._copied = (f"{simulated.root}/", f"{simulated.original}/")
        at = ("--site", str(simulated.root))
        following = _Next.ALL
        while following is _Next.ALL:
            async with self._child("the gate", ("gate", "--json", *at), self._hear) as gate:
                if not self._started.done():
                    await asyncio.to_thread(_grant, started)
                following = _Next.AGENTS
                while following is _Next.AGENTS:
                    async with self._child(
                        "the agents", ("run", "--json", *at), self._hear_agents
                    ) as agents:
                        if not self._started.done():
                            self._started.set_result(started)
                        following = await self._await_change(started, [*gate, *agents])

    @asynccontextmanager
    async def _child(
        self, name: str, words: Sequence[str], hear: Callable[[str], None]
    ) -> AsyncGenerator[list[ChildProcess]]:
        """Runs a child. At a later start one that fails is told, and gives an empty list."""
        log = self._folder / f"{words[0]}.log"
        child = ChildProcess(name, words, log, hear)
        try:
            await child.__aenter__()
        except ServeError as error:
            if not self._started.done():
                raise
            self._tell(f"{error}; it is tried again when a file of the site changes")
            yield []
            return
        try:
            yield [child]
        finally:
            await child.__aexit__(None, None, None)

    async def _await_change(self, started: StartedSite, children: list[ChildProcess]) -> _Next:
        """Waits for the end or for a changed file that can be used. Tells which child has ended."""
        while True:
            try:
                async with asyncio.timeout(_POLL_S):
                    await self._stop.wait()
                return _Next.STOP
            except TimeoutError:
                children = [each for each in children if self._is_running(each)]
            if changed := self._changed_files(started.simulated):
                try:
                    site = await asyncio.to_thread(started.simulated.read_again)
                except ConfigError as error:
                    for line in str(error).splitlines():
                        self._tell(line)
                    self._tell("the processes keep the old files, and the gate refuses writes")
                    continue
                self.news.put(site)
                is_playbooks = not changed & {"site.yaml", "policy.yaml", site.tags_file}
                who = "the agents start" if is_playbooks else "gate and agents start"
                self._tell(f"{', '.join(sorted(changed))} changed: {who} again")
                return _Next.AGENTS if is_playbooks else _Next.ALL

    def _is_running(self, child: ChildProcess) -> bool:
        try:
            child.check()
        except NotConnected as error:
            self._tell(f"{error}; it is started again when a file of the site changes")
            return False
        return True

    def _changed_files(self, simulated: SimulatedSite) -> set[str]:
        before, self._files = self._files, simulated.edited_files()
        names = before.keys() | self._files.keys()
        return {name for name in names if before.get(name) != self._files.get(name)}

    def _hear(self, line: str) -> None:
        if not line.startswith("{"):  # rows of the journal, which the console shows in its words
            self._tell(line.removeprefix("handwheel: ").replace(*self._copied))

    def _hear_agents(self, line: str) -> None:
        self._hear(line)
        if not line.startswith("{"):
            return
        fields: dict[str, Any] = json.loads(line)
        if "kind" not in fields:
            return  # they are ready
        for row in run_event_line(fields).splitlines():
            self._tell(row)
        if fields["kind"] == _ASKED and self._speed > _RUN_SPEED:
            self.tell_plant(f"speed {_RUN_SPEED:g}")
            self._tell(f"speed {_RUN_SPEED:g} from now on, so that the run's scans can follow")

    def _hear_plant(self, line: str) -> None:
        if not line.startswith("{"):
            self._tell(line.removeprefix("handwheel: "))
            return
        fields = json.loads(line)
        if "event" in fields:
            event = PlantEvent(
                fields["plant_s"], fields["event"], fields["tag"] or "", fields["text"]
            )
            self._tell(f"plant {event_line(event)}")

    def _tell(self, line: str) -> None:
        self.news.put(printable(line, LONG))


def _grant(started: StartedSite) -> None:
    """Grants agents authority over the pumps and the exchanger, where throw-away people can."""
    people, site = started.simulated.people, started.site
    if people and set(GRANTED_EQUIPMENT) <= site.equipment.keys():
        grant_to_agents(site, people[GRANTOR])
