"""Course of one episode in the stepped room, with the real agents, the real gate and people."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from math import inf
from time import process_time

from handwheel.connectors.model.site import Site
from handwheel.playbooks.binding.bindings import Bindings
from handwheel.playbooks.engine.states import EventKind, RunState
from handwheel.playbooks.language.loader import Playbook
from handwheel.tools.guardrails.ledger.records import load_requests
from handwheel.tools.requests.timestamps import parse_stamp

from ...plants.installed_plants import create_plant
from ...trial.agents import CreateAgents
from ...trial.stepped import SteppedTrial
from ..baselines.agent_name import AgentName
from ..baselines.agents import creator
from ..episodes import Episode
from ..responses import RespondSpec
from .acted import Acted, Asked, SentFrame, model_use
from .judge_response import is_as_large, missing
from .people import LOOK_S, RespondingPeople
from .undisturbed import EVERY_S, HarmMeter, SharedSimulation, Undisturbed, leave_alone

_SAME_S = 1e-6
# Longest step after a shorter one, in which agents do not renew their lock of 10 s.
_AFTER_SHORT_S = 5.0
_STARTS_S = 30.0  # in which a run goes on after a decision
_WAITING = frozenset({RunState.WAITING_APPROVAL, RunState.HELD})


async def act(
    episode: Episode,
    site: Site,
    library: Sequence[Playbook],
    bindings: Bindings,
    spec: RespondSpec,
    agent: AgentName = AgentName.HANDWHEEL,
) -> Acted:
    """Plays an episode with agents, gate and people, and beside it the plant left alone.

    Agents and people leave some time after all that is right has happened. The plant then runs on
    to the end of the episode. Others than our agents have no diagnosis.

    Args:
        bindings: Of `in_memory_site(site)`, for every episode.
    """
    begun_s = process_time()
    if agent is AgentName.NONE:
        alone = leave_alone(episode)
        return Acted(alone.harm, alone, watched_s=episode.end_s, cpu_s=process_time() - begun_s)
    if agent is not AgentName.HANDWHEEL:
        site = replace(site, failure_modes=())
    create = creator(agent, episode)
    async with opened(episode, site, library, bindings, spec, create) as course:
        await course.play()
        course.run_on()
    course.acted.cpu_s = process_time() - begun_s
    return course.acted


@asynccontextmanager
async def opened(
    episode: Episode,
    site: Site,
    library: Sequence[Playbook],
    bindings: Bindings,
    spec: RespondSpec,
    create: CreateAgents,
) -> AsyncGenerator["Course"]:
    """Opens the room of an episode, and ends it. See `act` and `SteppedTrial.open`."""
    async with SteppedTrial.open(
        site,
        lambda seed: create_plant(episode.plant, seed),
        seed=episode.seed,
        faults=episode.events,
        library=library,
        bindings=bindings,
        create=create,
        simulate=partial(SharedSimulation, episode),
    ) as room:
        yield Course(room, episode, spec)


class Course:
    """Course of an episode in an open room.

    Attributes:
        room: That room.
        acted: All that has happened up to now.
    """

    def __init__(self, room: SteppedTrial, episode: Episode, spec: RespondSpec) -> None:
        self._meter = HarmMeter(room.plant.simulation.plant)
        none = self._meter.harm(room.plant.simulation.plant)
        self.acted = Acted(none, Undisturbed(none, None))
        self.room, self._episode, self._spec = room, episode, spec
        self._end_s = episode.end_s
        self._response = spec.responses[episode.case]
        own = self._response
        answers = own.answers if is_as_large(episode, own.answers_from) else {}
        self._people = RespondingPeople(room, episode, spec.people, answers)
        self._began = room.clock.now().wall
        self._looked_s, self._stepped_s = 0.0, inf
        self._noted: object = None  # version of the room of which all that was asked for is noted

    @property
    def is_over(self) -> bool:
        """Whether agents and people have left."""
        return self.room.now_s >= self._end_s

    async def play(self) -> None:
        """Lets agents, gate and people work, until some time after all is done."""
        while not self.is_over:
            await self.step()
        self.acted.watched_s = self.room.now_s
        self._note_end()

    async def step(self, most_s: float = inf) -> None:
        """Lets the time of one scan pass, at most some seconds, and people look if they do."""
        room, spec = self.room, self._spec
        longest_s = _AFTER_SHORT_S if self._stepped_s < _AFTER_SHORT_S else inf
        scan_s = spec.scan if self._is_busy() else spec.idle_scan
        self._stepped_s = min(most_s, scan_s, longest_s)
        await room.step(self._stepped_s)
        self._note_frames()
        if room.now_s - self._looked_s < LOOK_S - _SAME_S:
            return
        self._meter.observe(room.plant.simulation.plant, room.now_s - self._looked_s)
        self._looked_s = room.now_s
        self._people.act()
        self._note_asked()
        if self._end_s == self._episode.end_s and self._is_done():
            self._end_s = min(self._end_s, room.now_s + spec.leave_after)

    def _is_done(self) -> bool:
        """Whether something is right, and all of it has happened."""
        own = self._response
        is_quiet = not (own.frames or own.orders or own.notices)
        return not is_quiet and not any(missing(self._episode, self.acted, own))

    def run_on(self) -> None:
        """Lets the plant run on alone to the end of the episode, and the one without agents."""
        simulation = self.room.plant.simulation
        now_s = self.room.now_s
        while now_s < self._episode.end_s:
            simulation.run(EVERY_S)
            now_s += EVERY_S
            self._meter.observe(simulation.plant, EVERY_S)
        self.acted.harm = self._meter.harm(simulation.plant)
        assert isinstance(simulation, SharedSimulation)  # `act` has asked for it
        self.acted.alone = simulation.undisturbed()

    def _is_busy(self) -> bool:
        """Whether a run is at work, or will be at once since people have just decided."""
        room = self.room
        has_decided = room.now_s - self._people.acted_s < _STARTS_S
        return has_decided or any(
            not each.is_closed and each.state not in _WAITING for each in room.runs.values()
        )

    def _note_frames(self) -> None:
        plant, frames = self.room.plant, self.acted.frames
        for each in plant.frames[len(frames) :]:
            tag, value = plant.written_by(each)[0]
            frames.append(SentFrame(self.room.now_s, tag.name, value))

    def _note_asked(self) -> None:
        """Notes all that was asked for up to now."""
        room, acted = self.room, self.acted
        if room.agents.diagnosis is not None:
            acted.named += [each for each in room.agents.diagnosis.named if each not in acted.named]
        if (version := room.version) == self._noted:
            return
        self._noted = version
        run_of = {run_id: str(each.opening["playbook"]) for run_id, each in room.runs.items()}
        acted.requests = [
            Asked(
                self._at_s(each.request.filed_at),
                each.request.run.playbook,
                each.request.request_id,
            )
            for each in load_requests(room.database)
            if each.request.run is not None
        ]
        acted.orders = [
            Asked(self._at_s(each.opened_at), each.playbook.partition(" ")[0], each.title)
            for each in room.orders
        ]
        acted.notices = [
            Asked(self._at_s(each.at), run_of.get(each.run_id, ""), each.text)
            for each in room.agents.workorders.notices()
        ]

    def _at_s(self, stamp: str) -> float:
        return (parse_stamp(stamp) - self._began).total_seconds()

    def _note_end(self) -> None:
        room, acted = self.room, self.acted
        acted.refused = self._people.refused
        acted.models = model_use(room.agents.models)
        acted.trips = [each.text for each in room.trips]
        for run_id, run in room.runs.items():
            acted.runs.append(f"{run.opening['playbook']} {run.state} {run.reason}".rstrip())
            acted.kept += [
                bool(each.body["kept"])
                for each in room.events(run_id)
                if each.kind == EventKind.EXPECTED
            ]
