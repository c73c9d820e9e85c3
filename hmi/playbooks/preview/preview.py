"""Preview of a playbook on one reading of the plant. Nothing is filed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.hints import next_step
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import GOOD, DataValue, Value
from handwheel.connectors.session.protocols import Survey
from handwheel.playbooks.binding.model import BoundPlaybook, Check, owned_by
from handwheel.playbooks.binding.start import Trigger
from handwheel.playbooks.binding.step_model import Write
from handwheel.playbooks.engine.diagnosis import CheckResult, diagnose
from handwheel.playbooks.engine.inputs import PlantSnapshot
from handwheel.playbooks.engine.requests.write_values import FixedValue, fix_value, fix_values
from handwheel.tools.conditions import Condition, History, Truth
from handwheel.tools.guardrails.approval.build_request import BuildContext, ProposedWrite, tags_of
from handwheel.tools.guardrails.approval.explain import ExplainContext, Question, explain
from handwheel.tools.guardrails.ledger.runs import asset_owners
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.requests.timestamps import Instant
from handwheel.tools.requests.values import is_already

from ...site.commissioning.policy_command import coerced
from ..documents.phrases import work_text
from .requests import PlannedRequest, planned_requests

Part = Literal["step", "undo", "safe state"]


@dataclass(frozen=True, slots=True)
class PlannedWrite:
    """Write of a run, with what the tag reads now and what the policy says."""

    part: Part
    step: str
    tag: Tag
    value: Value | None  # as the device would hold it, where that is known; `None` if unknown
    now: DataValue | None
    is_already: bool  # whether the tag reads the value already, so that nothing is asked
    risk_class: str
    denials: tuple[str, ...]  # why the policy denies it


@dataclass(frozen=True, slots=True)
class Preview:
    """Writes and requests of a run of a playbook, by one reading of the plant."""

    plan: BoundPlaybook
    results: tuple[CheckResult, ...]  # triggers, evidence, permissives, invariants and every `if`
    writes: tuple[PlannedWrite, ...]
    requests: tuple[PlannedRequest, ...]
    prompts: Mapping[str, str]  # prompt of each hold point with its values, by step
    works: Mapping[str, str]  # work of each step that writes nothing, with its values, by step
    reasons: tuple[str, ...]  # why it would not start now

    @property
    def is_denied(self) -> bool:
        """Whether the policy denies one of its writes."""
        return any(each.denials for each in self.writes)

    def of(self, side: str) -> list[CheckResult]:
        """Returns the results of one side."""
        return [each for each in self.results if each.side == side]


def tags_to_read(context: ExplainContext, plan: BoundPlaybook) -> list[Tag]:
    """Returns the tags of a playbook, of limits across tags, and of its equipment."""
    build = BuildContext(context.site, context.policy, context.across)
    names = set(plan.tags)
    for each in plan.writes:
        names |= tags_of(build, ProposedWrite(each.tag, False))
    return context.site.find_tags(sorted(names))


def make_preview(
    context: ExplainContext, database: Database, plan: BoundPlaybook, plant: Survey, now: Instant
) -> Preview:
    """Returns the preview of a bound playbook without errors.

    Args:
        plant: Readings of `tags_to_read`, and an encoder for each write.
    """
    results = tuple(_results(plan, plant.readings))
    obstacles = dict[str, None]()
    writes = tuple(_writes(context, plan, plant, now, obstacles))
    requests = tuple(planned_requests(context, database, plan, plant, now))
    reasons = [
        *_unmet(plan, results),
        *(f"{each.tag.name}: {why}" for each in writes for why in each.denials),
        *(each.fault for each in requests if not each.risk_class),
        *owner_reasons(database, plan, context.site),
        *obstacles,
    ]
    prompts = {
        each.id: each.hold_point.prompt.render(plant.readings)
        for each in plan.steps
        if each.hold_point
    }
    works = {each.id: work_text(each, plant.readings) for each in plan.steps if not each.writes}
    return Preview(plan, results, writes, requests, prompts, works, tuple(dict.fromkeys(reasons)))


def _results(plan: BoundPlaybook, readings: Mapping[str, DataValue]) -> Iterator[CheckResult]:
    conditions = plan.conditions
    history = History(conditions)
    history.observe(readings, 0.0)
    plant = PlantSnapshot(readings, history, 0.0, 0.0, 0, {})

    def others(side: str, named: Sequence[tuple[str, Condition]]) -> Iterator[CheckResult]:
        checks = tuple(Check(name, condition, "") for name, condition in named)
        found = diagnose(replace(plan, permissives=checks), plant).of("permissive")
        return (replace(each, side=side) for each in found)

    yield from others("trigger", [(_span(each), each.condition) for each in plan.triggers])
    yield from diagnose(plan, plant).findings
    yield from others("invariant", [("", each.condition) for each in plan.invariants])
    steps = (*plan.steps, *plan.safe_state)
    yield from others("if", [(each.id, each.if_) for each in steps if each.if_])


def _span(trigger: Trigger) -> str:
    for_s = max(each.for_s for each in trigger.parts)
    return f"for {format_duration(for_s)}" if for_s else ""


def _unmet(plan: BoundPlaybook, results: Sequence[CheckResult]) -> Iterator[str]:
    triggers = [each for each in results if each.side == "trigger"]
    met = [each for each in triggers if each.is_met]
    if not met:
        others = [*(each.text for each in plan.schedules), *["a person's order"] * plan.is_manual]
        starts = f"it starts by {' or '.join(others)}" if others else "it has no trigger"
        yield "no trigger is true" if triggers else starts
    elif all(each.id for each in met):
        yield f"the trigger must be true {' or '.join(each.id for each in met)}, needs history"
    for each in results:
        wanted = Truth.FALSE if each.side == "against" else Truth.TRUE
        if each.side in {"for", "against", "permissive"} and each.truth is not wanted:
            name = each.side if each.side == "permissive" else f"evidence {each.side}"
            yield f"{name} {each.id} {truth_text(each)}"


def truth_text(result: CheckResult) -> str:
    """Returns the truth of a result in words, as the rest of a sentence."""
    if result.is_collecting:
        return "needs history"
    words = {Truth.TRUE: "is true", Truth.FALSE: "is false", Truth.UNKNOWN: "is not known"}
    return words[result.truth]


def owner_reasons(database: Database, plan: BoundPlaybook, site: Site) -> Iterator[str]:
    """Yields each run that owns equipment of a plan, with the command that shows the run."""
    owners = asset_owners(database)
    for run in dict.fromkeys(owners[each] for each in owned_by(plan, site) if each in owners):
        yield f"{run} owns its equipment; {next_step('runs', 'show', run)}"


def _writes(
    context: ExplainContext,
    plan: BoundPlaybook,
    plant: Survey,
    now: Instant,
    obstacles: dict[str, None],
) -> Iterator[PlannedWrite]:
    judging, has_asked = context, False
    values = fix_values(plan, plan.steps, plant.readings, {})
    for step in plan.steps:
        if has_asked and step.own_approval:
            judging = replace(context, across=())  # the plant will have changed
        for each in step.writes:
            found = values.writes[step.id, each.tag.name]
            planned = _planned("step", step.id, each, found, plant)
            if planned.value is not None and not planned.is_already:
                has_asked = True
                question = Question(each.tag, planned.value, "", plant.readings)
                said = explain(judging, question, now)
                obstacles |= dict.fromkeys(said.obstacles)
                planned = replace(
                    planned, risk_class=said.ruling.risk_class, denials=tuple(said.denials)
                )
            yield planned
        for each in step.undo.writes if step.undo else ():
            written = values.writes[step.id, each.tag.name].value
            present = None if written is None else DataValue(written, GOOD, None, None, 0.0)
            found = values.undos[step.id, each.tag.name]
            yield _ruled(context, _planned("undo", step.id, each, found, plant), present)
    for step in plan.safe_state:
        for each in step.writes:
            planned = _planned("safe state", step.id, each, fix_value(each, {}, {}), plant)
            yield _ruled(context, planned, None)


def _ruled(
    context: ExplainContext, planned: PlannedWrite, present: DataValue | None
) -> PlannedWrite:
    """Returns a write of the recovery with the policy's ruling."""
    if planned.value is None:
        return planned
    is_safe = planned.part == "safe state"
    ruling = context.policy.judge(planned.tag, planned.value, present, from_anywhere=is_safe)
    denials = () if ruling.is_allowed else tuple(ruling.reasons)
    return replace(planned, risk_class=ruling.risk_class, denials=denials)


def _planned(part: Part, step: str, write: Write, found: FixedValue, plant: Survey) -> PlannedWrite:
    reading = plant.readings.get(write.tag.name)
    if found.value is None:
        return PlannedWrite(part, step, write.tag, None, reading, False, "", (found.fault,))
    same = part == "step" and is_already(write.tag, found.value, reading)
    held = coerced(write.tag, found.value, plant)
    value = found.value if held is None else held
    return PlannedWrite(part, step, write.tag, value, reading, same, "", ())
