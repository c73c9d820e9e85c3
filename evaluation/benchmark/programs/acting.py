"""Verbs of a program that acts, in a stepped room with the real gate and people."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from handwheel.agents.agent_context import AgentContext
from handwheel.connectors.denial import Denial
from handwheel.connectors.errors import ConfigError
from handwheel.connectors.hints import NEXT
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import Value, exact_text
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.binding.step_model import Write
from handwheel.playbooks.engine.run import Run
from handwheel.playbooks.engine.states import EventKind, RunState
from handwheel.playbooks.language.loader import Playbook
from handwheel.tools.errors import InvalidArguments, PolicyViolation
from handwheel.tools.guardrails.ledger.records import load_run
from handwheel.tools.requests.values import parse_value

from ...trial.stepped import SteppedTrial
from ..baselines.agent_loop import AgentLoop
from ..baselines.own_agent import Begin, Seen, own_writes
from .briefing import Briefing
from .episode_verbs import EpisodeVerbs, known_as
from .seen_plant import journal_texts
from .verbs import Conclusion, Number, Proposal, ProposalState


class ActingCourse(Protocol):
    """Course of an open room with people, which goes on only while a verb is called."""

    @property
    def room(self) -> SteppedTrial:
        """The room."""
        ...

    @property
    def is_over(self) -> bool:
        """Whether the episode has ended."""
        ...

    async def step(self, most_s: float) -> None:
        """Lets the time of one scan pass, at most some seconds, and people do their work."""
        ...


class ProposingAgent:
    """Agent of a room that begins what a program has proposed, at the next scan."""

    def __init__(self) -> None:
        self._wanted: BoundPlaybook | None = None
        self._answer: str | Denial | None = None

    def create(self, context: AgentContext) -> AgentLoop:
        """Creates the agents of the room. See `SteppedTrial.open`."""
        return AgentLoop(context, self)

    async def act(self, seen: Seen, begin: Begin) -> None:
        """Begins what is wanted. See `OwnAgent.act`."""
        plan, self._wanted = self._wanted, None
        if plan is not None:
            self._answer = await begin(plan)

    def want(self, plan: BoundPlaybook) -> None:
        """Has a playbook begun at the next scan."""
        self._wanted, self._answer = plan, None

    def drop(self) -> None:
        """Has nothing begun any more."""
        self._wanted = None

    def begun(self) -> str | Denial:
        """Returns the id of the run that was wanted, or what has prevented it."""
        assert self._answer is not None  # a scan has been since
        return self._answer


class ActingVerbs(EpisodeVerbs):
    """Verbs on a plant with gate and people.

    Args:
        agent: That of the room.
        library: Of the room.

    Attributes:
        named: Faults that the program has ever named.
        proposals: Its proposals by their ids, the oldest first.
    """

    def __init__(
        self,
        course: ActingCourse,
        briefing: Briefing,
        agent: ProposingAgent,
        library: Sequence[Playbook],
    ) -> None:
        self.named: dict[str, None] = {}
        self.proposals: dict[str, Proposal] = {}
        self._course, self._agent, self._library = course, agent, library
        room = course.room
        super().__init__(briefing, room.site, room.plant.readings())
        self._playbooks = {each.name: each for each in briefing.playbooks}
        self._rows, self._frames = self._newest_row, len(room.plant.frames)

    @property
    def is_over(self) -> bool:
        """Whether the episode has ended. See `EpisodeVerbs`."""
        return self._course.is_over

    async def scan(self, most_s: float) -> None:
        """Lets the room go on to its next scan. See `EpisodeVerbs`."""
        room, trips = self._course.room, len(self._course.room.trips)
        await self._course.step(most_s)
        self.seen.observe(room.plant.readings(), room.now_s, room.trips[trips:])
        for kind, text in journal_texts(room.database.journal(self._rows)):
            self.seen.note(kind, text)
        self._rows = self._newest_row
        for frame in room.plant.frames[self._frames :]:
            tag, value = room.plant.written_by(frame)[0]
            self.seen.note("frame", f"{tag.name} = {tag.show_value(value)} {tag.unit}".rstrip())
        self._frames = len(room.plant.frames)

    def note_conclusion(self, conclusion: Conclusion) -> None:
        """Takes the names of a conclusion, by which nothing is judged here."""
        self.named |= dict.fromkeys(conclusion.faults)

    @property
    def _newest_row(self) -> int:
        head = self._course.room.database.head()
        return head.seq if head else 0

    # --- proposals ----------------------------------------------------------------------------

    async def _propose(self, proposal: Proposal) -> ProposalState:
        try:
            plan = self._plan(proposal)
        except (InvalidArguments, PolicyViolation):
            await self._take_turn()  # a wrong call takes its time too
            raise
        self._agent.want(plan)
        try:
            await self._take_turn()
        finally:
            self._agent.drop()  # if the program has ended meanwhile
        begun = self._agent.begun()
        if isinstance(begun, Denial):
            raise PolicyViolation(begun.reason.partition(f"; {NEXT}")[0])  # it has no terminal
        self.proposals[begun] = proposal
        return self._state(begun)

    async def _outcome(self, proposal: str, within_s: float) -> ProposalState:
        await self._take_turn()
        known_as(proposal, self.proposals, "there is no proposal")
        await self._wait(within_s, "within_s", lambda: self._state(proposal).is_over)
        return self._state(proposal)

    def _state(self, run_id: str) -> ProposalState:
        """Returns the state of a run, as the ledger has it."""
        room = self._course.room
        run = room.runs[run_id]
        return ProposalState(
            proposal=run_id,
            state=run.state.value,
            is_over=_is_over(run),
            reason=run.reason,
            requests={
                each.request.request_id: each.state.value
                for each in load_run(room.database, run_id)
            },
            kept=tuple(
                bool(each.body["kept"])
                for each in room.events(run_id)
                if each.kind == EventKind.EXPECTED
            ),
        )

    def _plan(self, proposal: Proposal) -> BoundPlaybook:
        """Returns the playbook of a proposal, bound. Raises `InvalidArguments`."""
        if bool(proposal.playbook) == bool(proposal.writes):
            raise InvalidArguments("propose a playbook, or writes instead of one")
        if proposal.playbook:
            return self._bound(proposal.playbook, proposal.roles, proposal.parameters)
        if proposal.roles or proposal.parameters:
            raise InvalidArguments("writes have neither roles nor parameters")
        return self._own(proposal.writes)

    def _bound(
        self, name: str, roles: Mapping[str, str], parameters: Mapping[str, str]
    ) -> BoundPlaybook:
        own = known_as(name, self._playbooks, "there is no playbook")
        for role, equipment in roles.items():
            known_as(role, own.roles, f"{name} has no role")
            known_as(equipment, self._site.equipment, "there is no equipment")
        for each in parameters:
            known_as(each, own.parameters, f"{name} has no parameter")
        try:
            bindings = self._course.room.agents.bindings
            return bindings.bind(self._library, name, roles, parameters)
        except ConfigError as error:
            raise InvalidArguments(str(error)) from None

    def _own(self, wanted: Mapping[str, Number]) -> BoundPlaybook:
        tags = [self._tag(each) for each in wanted]
        writes = [
            Write(tag, _value(tag, value)) for tag, value in zip(tags, wanted.values(), strict=True)
        ]
        policy = self._course.room.people.context.policy
        readings = self._course.room.plant.readings()
        for each in writes:
            ruling = policy.judge(each.tag, each.known, readings.get(each.tag.name))
            if not ruling.is_allowed:
                raise PolicyViolation(f"{each.tag.name}: {'; '.join(ruling.reasons)}")
        return own_writes(
            writes, next(each.roles[0] for each in policy.allowed() if each.tag == tags[0])
        )


def _is_over(run: Run) -> bool:
    return run.is_closed or run.state is RunState.ABORTED


def _value(tag: Tag, given: Number) -> Value:
    """Returns a value as a device takes it. Raises `InvalidArguments`."""
    if isinstance(given, bool):
        text = "true" if given else "false"
    else:
        text = given if isinstance(given, str) else exact_text(given)
    return parse_value(tag, text)
