"""Run of a playbook in a stepped room, from what the site measures or from a scenario."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from handwheel.connectors.model.site import Site
from handwheel.evaluation.playbook_tests.case import Decision, Expected, PlaybookCase, Start
from handwheel.evaluation.playbook_tests.report import CaseResult
from handwheel.evaluation.playbook_tests.run_cases import run_case
from handwheel.evaluation.playbook_tests.schema import ANY_STEP
from handwheel.evaluation.trial.site import OPERATORS
from handwheel.evaluation.trial.stepped import SteppedTrial
from handwheel.playbooks.binding.bind import bind_triggers
from handwheel.playbooks.engine.states import CLOSED, RunState
from handwheel.playbooks.language.loader import Playbook
from handwheel.sim_plant.base import Plant
from handwheel.sim_plant.scenario import ScenarioEvent

from ...people.rotate_key import revoked_keys
from .measured_state import MeasuredState
from .recording import Recording
from .trends import Trend, trends_of
from .without_run import PlantAlone, PlantCourse, WithoutRun

_ENDED = CLOSED | {RunState.ABORTED}
_AFTERWARDS_S = 120.0  # what is simulated after the end of the run, process time


@dataclass(frozen=True, slots=True)
class Setting:
    """Plant, events and people of a simulation."""

    plant: Plant  # warmed up
    seed: int | None
    events: Sequence[ScenarioEvent]  # faults and others, at times after the warm-up
    for_s: float  # longest process time
    start_s: float  # when a person starts a playbook that no trigger starts
    approve_after_s: float | None  # process time after which people approve; `None` for never
    measured: MeasuredState | None  # what was taken over from the site's plant; `None` for nothing
    origin: str  # where the plant's state is from, for people
    missing: Sequence[str]  # tags of the playbook that the model lacks


@dataclass(frozen=True, slots=True)
class Simulated:
    """Result of a simulation."""

    site: Site
    setting: Setting
    recording: Recording
    trends: Sequence[Trend]
    result: CaseResult
    without: WithoutRun | None  # `None` where the run has written nothing, so that both are one

    @property
    def until_s(self) -> float:
        """Process time until which alarms, trips and margins are recorded in every course."""
        return self.without.end_s if self.without else self.recording.times_s[-1]


async def simulate(
    site: Site,
    playbook: Playbook,
    others: Sequence[Playbook],
    setting: Setting,
    tell: Callable[[float], None],
) -> Simulated:
    """Runs a playbook in a room of its own, until some minutes after its run has ended.

    Then the plants with and without the run go on alone to the same end, so that they compare.
    Playbooks count as released only as far as they are at the site.

    Args:
        others: The playbooks that it may start.
        tell: Takes the process time after each scan, first with the run and then without it.

    Raises:
        ConfigError: A file of the site has changed since it was read, or is not valid.
        LedgerError: A ledger cannot be read.
        OSError: There is no space for a temporary folder.

    Effect: ACTUATE on the model only. Retry and time-out: see `run_case`.
    """
    plans = bind_triggers(playbook, site)
    trends = [each for plan in plans for each in trends_of(plan, setting.plant, site)]
    alone = PlantAlone(site, setting.plant, setting.events)
    recording = Recording(plans, [each.tag.name for each in trends], site.tags)
    is_by_hand = plans[0].is_manual and not plans[0].triggers
    start = Start(setting.start_s, OPERATORS[0], {}) if is_by_hand else None
    ended_s, rooms = list[float](), list[SteppedTrial]()

    def is_over(room: SteppedTrial) -> bool:
        runs = room.runs.values()
        if runs and not ended_s and all(each.state in _ENDED for each in runs):
            ended_s.append(room.now_s)
        return bool(ended_s) and room.now_s >= ended_s[0] + _AFTERWARDS_S

    def observe(room: SteppedTrial) -> None:
        rooms[:] = [room]
        recording.observe(room)
        tell(room.now_s)

    result = await run_case(
        _case(playbook, others, setting, start), site, observe,
        model=lambda _: setting.plant, revoked_keys=revoked_keys(site), is_over=is_over,
    )  # fmt: skip
    chosen = trends_of(recording.plan, setting.plant, site)
    without = None
    if recording.first_write_s is not None:
        without = await alone.course(plans, recording, setting.for_s, tell)
        room = rooms[0]  # its agents and its gate have ended, its plant has not
        seen_s, view = room.agents.scanned_s, room.agents.view
        beside = PlantCourse(room.plant, view, recording, room.now_s, seen_s)
        await beside.go_on(without.end_s, tell)
    return Simulated(site, setting, recording, chosen, result, without)


def _case(
    playbook: Playbook, others: Sequence[Playbook], setting: Setting, start: Start | None
) -> PlaybookCase:
    after_s = setting.approve_after_s
    decisions = [] if after_s is None else [Decision(ANY_STEP, "approve", after_s, OPERATORS)]
    return PlaybookCase(
        "simulation", playbook.display_name, 0, playbook, others, setting.plant.model,
        setting.seed, 0.0, setting.events, decisions, setting.for_s, Expected(), start,
    )  # fmt: skip
