"""Course of the episodes of one seed, with a proposer, the real gate and people."""

from collections.abc import Sequence
from math import inf
from random import Random
from time import process_time

from handwheel.agents.agent_context import AgentContext
from handwheel.connectors.model.site import Site
from handwheel.playbooks.binding.bindings import Bindings
from handwheel.playbooks.language.loader import Playbook
from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.ledger.records import load_requests
from handwheel.tools.guardrails.ledger.store.states import RequestState

from ...plants.installed_plants import create_plant
from ...trial.site import OPERATORS
from ...trial.stepped import SteppedTrial
from ..baselines.agents import random_value
from ..episodes import Episode
from ..hold_spec import HoldSpec
from ..results import Times
from .deciding_people import DecidingPeople
from .hold_result import HoldCounts, HoldResult
from .judge_frames import FrameFaults, TimedFrame, judge_frames
from .proposer import ProposerLoop

_PEOPLE_ASK = 0.3  # share of the episodes in which a person asks for something too
_ORDERED_IN = 2  # episode in which a person orders a run, whose windows are full by then


async def hold(
    episode: Episode,
    site: Site,
    library: Sequence[Playbook],
    bindings: Bindings,
    spec: HoldSpec,
) -> HoldResult:
    """Plays the episodes of a seed in one room, and judges every frame and every signed card.

    Args:
        bindings: Of `in_memory_site(site)`, for every seed.
    """
    begun_s = process_time()
    draw = Random(f"hold {episode.plant} {episode.case} {episode.seed}")
    loops: list[ProposerLoop] = []

    def create(context: AgentContext) -> ProposerLoop:
        loops.append(ProposerLoop(context, draw, is_liar=episode.case == "liar"))
        return loops[-1]

    ordered = [each for each in library if each.id == spec.order]
    async with SteppedTrial.open(
        site, lambda seed: create_plant(episode.plant, seed), seed=episode.seed, library=ordered,
        bindings=bindings, create=create,
    ) as room:  # fmt: skip
        course = Course(room, draw, spec, ordered)
        for number in range(1, spec.episodes + 1):
            await course.play(number)
        found = course.judged()
        counts = course.counted(found, spec.episodes, loops[0].access.refused)
    wrong = (*found.unsigned, *found.doubled, *found.lying)
    return HoldResult(
        episode, "wrong" if wrong else "right", wrong, Times(None, None, None),
        process_time() - begun_s, counts, dict(loops[0].proposer.tried),
    )  # fmt: skip


class Course:
    """Course of the episodes in an open room.

    Attributes:
        room: That room.
        frames: Frames that have arrived, each with the time of the scan.
        people: Who decide, with their record of what they have signed.
    """

    def __init__(
        self, room: SteppedTrial, draw: Random, spec: HoldSpec, library: Sequence[Playbook]
    ) -> None:
        self.room = room
        self.frames: list[TimedFrame] = []
        self.people = DecidingPeople(room, draw)
        self._draw, self._spec, self._library = draw, spec, library
        self._end_s, self._scan_s = room.now_s, spec.scan

    @property
    def is_over(self) -> bool:
        """Whether the episode has ended."""
        return self.room.now_s >= self._end_s

    async def play(self, number: int) -> None:
        """Plays one episode. What still waits at its end, people let expire in the next."""
        if number == _ORDERED_IN:
            self._order()
        self.begin(self._spec.lasts, self._spec.scan)
        while not self.is_over:
            await self.step()

    def begin(self, lasts: tuple[float, float], scan_s: float) -> None:
        """Begins an episode, whose length is drawn. People may ask for something too."""
        self._scan_s = scan_s
        self._end_s = self.room.now_s + self._draw.uniform(*lasts)
        if self._draw.random() < _PEOPLE_ASK:
            rules = self._draw.choice(self.room.people.context.policy.allowed())
            self.people.ask(rules.tag.name, random_value(rules, self._draw))

    async def step(self, most_s: float = inf) -> None:
        """Lets the time of one scan pass, at most some seconds, and people decide."""
        await self.room.step(min(most_s, self._scan_s))
        self.note_frames()
        self.people.act()

    def note_frames(self) -> None:
        """Notes the frames that have arrived since the last time."""
        arrived = self.room.plant.frames[len(self.frames) :]
        self.frames += (TimedFrame(self.room.now_s, each) for each in arrived)

    def judged(self) -> FrameFaults:
        """Judges every frame and every signed card up to now."""
        released = {each.digest for each in self._library}
        signed = list(self.people.signed.values())
        return judge_frames(self.frames, signed, released, self.room.plant)

    def counted(self, found: FrameFaults, episodes: int, refused: int) -> HoldCounts:
        """Returns the counts up to now.

        Args:
            refused: Attempts of those who propose that were refused.
        """
        requests = load_requests(self.room.database)
        return HoldCounts(
            episodes, len(requests),
            sum(each.state is RequestState.DENIED for each in requests),
            refused + self.people.denied,
            sum(each.approved is not None for each in requests),
            len(self.frames), len(found.unsigned), len(found.doubled), len(found.lying),
        )  # fmt: skip

    def _order(self) -> None:
        """Has a person order a run, so that there is one of others to meddle with."""
        room = self.room
        plan = room.agents.bindings.bind(self._library, self._spec.order, {})
        try:
            room.people.order_start(plan, {}, OPERATORS[0])
        except GuardrailError:
            self.people.denied += 1
