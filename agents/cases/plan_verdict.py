"""Verdict on a plan that nobody has asked for, by what a preview and agents judge."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.hints import NEXT
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.binding.step_model import RunPlaybook
from handwheel.playbooks.engine.diagnosis import CheckResult, diagnose
from handwheel.playbooks.preview.preview import Preview, make_preview, tags_to_read
from handwheel.tools.conditions.truth import TRUTH_TEXT
from handwheel.tools.guardrails.approval.explain import ExplainContext
from handwheel.tools.guardrails.approval.plant_snapshot import read_snapshot

from ..agent_context import AgentContext

_SIDES: Mapping[str, str] = {
    "for": "evidence for it", "against": "evidence against it", "permissive": "permissives",
}  # fmt: skip
_NOTHING = "nothing prevents it by evidence, permissives, authority and policy"


@dataclass(frozen=True, slots=True)
class PlanVerdict:
    """Verdict on a plan as it stands now."""

    against: Sequence[str]  # what prevents it
    unjudged: Sequence[str]  # what of evidence, permissives, authority and policy is not judged
    roles: Sequence[str]  # roles of the people whose signatures it needs, as far as known
    beside: Sequence[str] = ()  # what else is not judged

    @property
    def text(self) -> str:
        """It in words, which say that nothing prevents the plan only where all was judged."""
        clear = "what could be judged does not prevent it" if self.unjudged else _NOTHING
        missing = [*self.unjudged, *self.beside]
        return f"{'; '.join(self.against) or clear}. Not judged: {', '.join(missing)}"


async def plan_verdict(context: AgentContext, plan: BoundPlaybook) -> PlanVerdict:
    """Returns the verdict on a plan, for which the plant is read once. Nothing is filed.

    Effect: OBSERVE. Retry: twice, on the connection only. Timeout: the connections', and that of
    the twin.
    """
    denial = context.check_plan(plan)
    against = list(_unmet(diagnose(plan, context.plant.snapshot()).blocked_by()))
    nested = [each.work for each in plan.steps if isinstance(each.work, RunPlaybook)]
    unjudged = [f"{each.playbook}, which it runs" for each in nested]
    roles = roles_of(plan)
    try:
        preview = await _preview(context, plan)
    except HandwheelError as error:
        against += [denial.reason] if denial else []
        unjudged.append(f"policy ({' '.join(str(error).splitlines())})")
    else:
        against += [*preview.denied(), *preview.refusals(denial)]
        roles = preview.roles or roles
        if context.ledger.build_context.across and len(preview.requests) > 1:
            unjudged.append("limits across tags for its later requests")
    forbidden, beside = await _by_twin(context, plan)
    against = [each.partition(f"; {NEXT}")[0] for each in [*against, *forbidden]]
    return PlanVerdict(list(dict.fromkeys(against)), unjudged, roles, [*beside, "lint"])


def roles_of(plan: BoundPlaybook) -> list[str]:
    """Returns the roles that a playbook itself lets approve its steps."""
    own = (each.own_approval for each in plan.steps)
    return list(dict.fromkeys([plan.order_role, *(each.role for each in own if each)]))


async def _preview(context: AgentContext, plan: BoundPlaybook) -> Preview:
    port, now = context.ledger, context.clock()
    people = port.renewed()
    explained = ExplainContext(
        people.site, port.build_context.policy, port.build_context.across, people.database,
        people.roster, read_snapshot(people.database),
    )  # fmt: skip
    seen = await port.survey(tags_to_read(explained, plan), [each.tag for each in plan.writes])
    return make_preview(explained, people.database, plan, seen, now)


async def _by_twin(
    context: AgentContext, plan: BoundPlaybook
) -> tuple[Sequence[str], Sequence[str]]:
    """Returns why the twin forbids a plan, and the twin itself where it does not judge it."""
    if (twin := context.look_ahead) is None:
        return (), ("the twin",)
    found, reason = await twin.foretold(plan, context.plant.readings)
    if why := found.get("problem") or ("" if found["is_trusted"] else "it is not trusted"):
        return (), (f"the twin ({why})",)
    return (reason,) if reason else (), ()


def _unmet(blocking: Iterable[CheckResult]) -> Iterator[str]:
    """Yields the conditions that prevent a plan, those of one kind and state together."""
    found = defaultdict[str, list[str]](list)
    for each in sorted(blocking, key=lambda each: each.side != "permissive"):
        found[f"{_SIDES[each.side]} {TRUTH_TEXT[each.truth.value]}"].append(each.id)
    yield from (f"{what}: {', '.join(names)}" for what, names in found.items())
