"""Preview of a playbook on one reading of the plant. Nothing is filed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.denial import Denial
from handwheel.connectors.hints import next_step
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import DataValue
from handwheel.connectors.session.protocols import Survey
from handwheel.tools.conditions import Condition, History, Truth
from handwheel.tools.guardrails.approval.build_request import BuildContext, ProposedWrite, tags_of
from handwheel.tools.guardrails.approval.explain import ExplainContext
from handwheel.tools.guardrails.ledger.runs import asset_owners
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.requests.timestamps import Instant

from ..binding.model import BoundPlaybook, Check, owned_by
from ..binding.start import Trigger
from ..engine.diagnosis import CheckResult, diagnose
from ..engine.inputs import PlantSnapshot
from .planned_requests import PlannedRequest, planned_requests
from .planned_writes import Part, PlannedWrite, planned_writes


@dataclass(frozen=True, slots=True)
class Preview:
    """Writes and requests of a run of a playbook, by one reading of the plant."""

    plan: BoundPlaybook
    readings: Mapping[str, DataValue]
    results: tuple[CheckResult, ...]  # triggers, evidence, permissives, invariants and every `if`
    writes: tuple[PlannedWrite, ...]
    requests: tuple[PlannedRequest, ...]
    prompts: Mapping[str, str]  # prompt of each hold point with its values, by step
    owners: tuple[str, ...]  # runs that own its equipment
    obstacles: tuple[str, ...]  # what else would refuse a write now, such as a lockout

    @property
    def is_denied(self) -> bool:
        """Whether the policy denies one of its writes."""
        return any(each.denials for each in self.writes)

    def denied(self, *parts: Part) -> list[str]:
        """Returns why the policy denies writes of some parts, by default of all."""
        writes = (each for each in self.writes if not parts or each.part in parts)
        return [f"{each.tag.name}: {why}" for each in writes for why in each.denials]

    @property
    def roles(self) -> list[str]:
        """Roles of the people whose signatures its requests need."""
        asked = [role for each in self.requests for role in each.roles or (each.approval.role,)]
        return list(dict.fromkeys(asked))

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it would not start now."""
        reasons = [
            *_unmet(self.plan, self.results),
            *self.denied(),
            *(each.fault for each in self.requests if not each.risk_class),
            *self.owners,
            *self.obstacles,
        ]
        return tuple(dict.fromkeys(reasons))

    def refusals(self, denial: Denial | None) -> list[str]:
        """Returns why its requests would be refused now, apart from `denied`.

        Args:
            denial: Why agents may not ask for it; it counts before other obstacles.
        """
        faults = (each for each in self.requests if not (each.risk_class and self.denied()))
        found = [
            *([denial.reason] if denial else self.obstacles),
            *self.owners,
            *(each.fault for each in faults if each.fault),
        ]
        return list(dict.fromkeys(found))

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
    context: ExplainContext, database: Ledger, plan: BoundPlaybook, plant: Survey, now: Instant
) -> Preview:
    """Returns the preview of a bound playbook without errors.

    Args:
        plant: Readings of `tags_to_read`, and an encoder for each write.
    """
    results = tuple(_results(plan, plant.readings))
    obstacles = dict[str, None]()
    writes = tuple(planned_writes(context, plan, plant, now, obstacles))
    requests = tuple(planned_requests(context, database, plan, plant, now))
    prompts = {
        each.id: each.hold_point.prompt.render(plant.readings)
        for each in plan.steps
        if each.hold_point
    }
    return Preview(
        plan, plant.readings, results, writes, requests, prompts,
        tuple(_owner_reasons(database, plan, context.site)), tuple(obstacles),
    )  # fmt: skip


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


def _owner_reasons(database: Ledger, plan: BoundPlaybook, site: Site) -> Iterator[str]:
    """Yields each run that owns equipment of a plan, with the command that shows the run."""
    owners = asset_owners(database)
    for run in dict.fromkeys(owners[each] for each in owned_by(plan, site) if each in owners):
        yield f"{run} owns its equipment; {next_step('runs', 'show', run)}"
