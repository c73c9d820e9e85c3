"""Plans that take a piece of equipment out of service, previewed on one reading."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from handwheel.agents.composing.chain import brings_about, chain, missing, out_of_service, parts_of
from handwheel.agents.composing.composed_text import composed_document
from handwheel.agents.composing.composer import released
from handwheel.agents.planning.plan_check import check_plan
from handwheel.agents.questions.sources import FoundPlans, PlannedLine, PossiblePlan
from handwheel.connectors.client.site_reader import survey
from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.model.site import Site
from handwheel.playbooks.binding.bind import bind, bind_triggers
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.language.loader import Playbook, load_library, parse_playbook
from handwheel.playbooks.lint.lint import lint
from handwheel.playbooks.preview.preview import (
    Preview,
    make_preview,
    tags_to_read,
    truth_text,
)
from handwheel.tools.conditions import Truth
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.requests.timestamps import instant_now

from ..site.commissioning.policy_explain_text import explain_context
from .present_plant import PresentPlant, Read

_MOST = 2


@dataclass(frozen=True, slots=True)
class _Bound:
    """Playbook of a site with its binding."""

    playbook: Playbook
    plan: BoundPlaybook


def possible_plans(context: DecisionContext, equipment: str, read: Read) -> FoundPlans:
    """Returns at most two playbooks that take equipment out, those with the fewest writes first.

    Where there is none, or a permissive prevents each, it also returns a composed plan, if one is
    found.

    Effect: OBSERVE. Retry and time-out: see `survey` and `PresentPlant.foretold`.
    """
    site = context.site
    goal = out_of_service(site, equipment)
    if not goal:
        return FoundPlans((), (f"the site has no {equipment}.mode with the word maintenance",))
    every = list(_library(site))
    plans = [each.plan for each in every]
    names = {name for each in plans for name in each.tags}
    names |= {f"{equipment}.mode", f"{equipment}.running", site.clock_tag} & site.tags.keys()
    plant = PresentPlant(site, plans, site.find_tags(sorted(names)), read)
    fitting = [each for each in every if brings_about(each.plan, goal, plant.is_true)]
    fitting = sorted(fitting, key=lambda each: len(each.plan.writes))[:_MOST]
    usable = released(context, plans, instant_now().wall)
    shown = [_shown(context, plant, each, usable) for each in fitting]
    if any(not plant.is_prevented(each.plan) for each in fitting):
        return FoundPlans(shown, ())
    own = fitting[0].plan if fitting else None
    others = [each for each in usable if own is None or each.id != own.id]
    steps = chain(" and ".join(goal), parts_of(others), plant.is_true)
    if not steps:
        return FoundPlans(shown, tuple(_lacking(goal, others, plant)))
    stem = (own.id if own else f"{equipment}-out").replace("/", "-").lower()
    made = parse_playbook(composed_document(stem, own, " and ".join(goal), steps)[1])
    composed = _Bound(made, bind(made, site))
    return FoundPlans([*shown, _shown(context, plant, composed, ())], ())


def _library(site: Site) -> Iterator[_Bound]:
    """Yields every binding of the site's playbooks. One that cannot be bound is left to lint."""
    for each in load_library(site)[0]:
        try:
            plans = bind_triggers(each, site) or [bind(each, site)]
        except HandwheelError:
            continue
        yield from (_Bound(each, plan) for plan in plans)


def _lacking(
    goal: Sequence[str], usable: Sequence[BoundPlaybook], plant: PresentPlant
) -> Iterator[str]:
    if not usable:
        yield "no other playbook is released here, and only released steps are composed"
        return
    lacking = list(missing(goal, parts_of(usable), plant.is_true))
    yield from (f"no other released step brings about {each}" for each in lacking)
    if not lacking:
        yield "what the released steps need before is not so, and no other step brings it about"


def _shown(
    context: DecisionContext, plant: PresentPlant, found: _Bound, usable: Sequence[BoundPlaybook]
) -> PossiblePlan:
    plan, preview = found.plan, _preview(context, found.plan)
    denial = check_plan(context, plan, instant_now()) if plan.writes else None
    reasons = preview.refusals(denial) + preview.denied("undo", "safe state")
    try:
        ahead, not_ahead = plant.foretold(plan), ""
    except HandwheelError as error:
        ahead, not_ahead = None, str(error)
    is_released = any(plan is each for each in usable)
    return PossiblePlan(
        plan.id, plan.title, plan.roles, is_released, list(_lines(plant, preview)),
        tuple(reasons),
        tuple(each.text for each in lint(found.playbook, context.site)), ahead, not_ahead,
    )  # fmt: skip


def _preview(context: DecisionContext, plan: BoundPlaybook) -> Preview:
    explain = explain_context(context)
    writes = [each.tag for each in plan.writes]
    seen = asyncio.run(survey(context.site, tags_to_read(explain, plan), writes))
    return make_preview(explain, context.database, plan, seen, instant_now())


def _lines(plant: PresentPlant, preview: Preview) -> Iterator[PlannedLine]:
    for each in plant.diagnose(preview.plan).findings:
        wanted = Truth.FALSE if each.side == "against" else Truth.TRUE
        prevents = "" if each.truth is wanted else truth_text(each)
        yield PlannedLine(each.side, each.id, each.shown, "", prevents)
    for write in preview.writes:
        if write.part != "step":
            continue
        tag = write.tag
        now = tag.show(write.now) if write.now else ""
        value = "computed" if write.value is None else tag.show_value(write.value)
        proposed = f"{value} {tag.unit}".rstrip()
        shown = f"{now} {tag.unit}".rstrip()
        yield PlannedLine("write", tag.name, shown, proposed, "; ".join(write.denials))
