"""Playbooks that take a piece of equipment out of service, previewed on one reading."""

import asyncio
from collections.abc import Iterator, Sequence

from handwheel.agents.answering.sources import PlannedLine, PossiblePlan
from handwheel.connectors.client.site_reader import survey
from handwheel.connectors.errors import HandwheelError
from handwheel.playbooks.binding.bind import bind, bind_triggers
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.language.loader import Playbook, load_library
from handwheel.tools.conditions import Truth
from handwheel.tools.guardrails.approval.explain import ExplainContext
from handwheel.tools.guardrails.approval.plant_snapshot import read_snapshot
from handwheel.tools.guardrails.policy.cross_limits import cross_limits
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.requests.timestamps import instant_now

from ..playbooks.preview.preview import Preview, make_preview, tags_to_read, truth_text
from ..playbooks.release_command import RELEASED, release_states

_MODE = ".mode"
_OUT = "maintenance"
_MOST = 2


def possible_plans(context: DecisionContext, equipment: str) -> Sequence[PossiblePlan]:
    """Returns at most two playbooks that put equipment into maintenance, each with its preview.

    Effect: OBSERVE. Retry and time-out: see `survey`.
    """
    loaded, _ = load_library(context.site)
    now = instant_now().wall
    states = release_states(context.site, loaded, now)
    found: list[PossiblePlan] = []
    for playbook, (state, _) in zip(loaded, states, strict=True):
        if len(found) < _MOST and (plan := _bound(context, playbook, equipment)) is not None:
            found.append(_previewed(context, plan, is_released=state == RELEASED))
    return found


def _bound(context: DecisionContext, playbook: Playbook, equipment: str) -> BoundPlaybook | None:
    """Returns a playbook bound so that it takes equipment out, `None` if it does not."""
    try:
        plans = bind_triggers(playbook, context.site) or [bind(playbook, context.site)]
    except HandwheelError:  # lint reports it
        return None
    return next((each for each in plans if _takes_out(each, equipment)), None)


def _takes_out(plan: BoundPlaybook, equipment: str) -> bool:
    wanted = f"{equipment}{_MODE}"
    written = (write for step in plan.steps for write in step.writes)
    return any(each.tag.name == wanted and each.shown == _OUT for each in written)


def _previewed(context: DecisionContext, plan: BoundPlaybook, *, is_released: bool) -> PossiblePlan:
    site, policy = context.site, context.policy
    across = cross_limits(site, policy)
    snapshot = read_snapshot(context.database)
    explain = ExplainContext(site, policy, across, context.database, context.roster, snapshot)
    writes = [each.tag for each in plan.writes]
    plant = asyncio.run(survey(site, tags_to_read(explain, plan), writes))
    preview = make_preview(explain, context.database, plan, plant, instant_now())
    lines = list(_lines(preview))
    return PossiblePlan(plan.id, plan.title, plan.roles, is_released, lines)


def _lines(preview: Preview) -> Iterator[PlannedLine]:
    for each in preview.of("permissive"):
        prevents = "" if each.truth is Truth.TRUE else truth_text(each)
        yield PlannedLine("permissive", each.id, each.shown, "", prevents)
    for write in preview.writes:
        if write.part != "step":
            continue
        tag = write.tag
        now = tag.show(write.now) if write.now else ""
        value = "computed" if write.value is None else tag.show_value(write.value)
        proposed = f"{value} {tag.unit}".rstrip()
        shown = f"{now} {tag.unit}".rstrip()
        yield PlannedLine("write", tag.name, shown, proposed, "; ".join(write.denials))
