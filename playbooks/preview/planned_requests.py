"""Requests that a run would file, built as the agents build them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.session.protocols import Survey
from handwheel.tools.conditions import History
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.guardrails.approval.build_request import BuildContext
from handwheel.tools.guardrails.approval.build_segment import make_segment, scopes_of_segment
from handwheel.tools.guardrails.approval.explain import ExplainContext
from handwheel.tools.guardrails.approval.segment import Segment
from handwheel.tools.guardrails.identity.roster import AGENT
from handwheel.tools.guardrails.ledger.latched_lockouts import lockout_generations
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.signatures.request_class import class_of
from handwheel.tools.requests.proposer import Proposer
from handwheel.tools.requests.timestamps import Instant

from ..binding.model import BoundPlaybook
from ..binding.step_model import RequiredApproval, Step
from ..engine.inputs import Clocks, Inputs, PlantSnapshot, recorded_of
from ..engine.requests.next_request import already_so
from ..engine.requests.segments import approval_of, make_segment_of, segment_steps
from ..engine.requests.write_values import fix_values
from ..engine.run import Run
from ..engine.states import StepState

_RUN = "U-00000000"  # of a run that is not opened


@dataclass(frozen=True, slots=True)
class PlannedRequest:
    """Request for the writes from one hold point to the next, judged as the plant is now."""

    steps: tuple[Step, ...]
    approval: RequiredApproval
    risk_class: str = ""  # empty if it cannot be built
    roles: tuple[str, ...] = ()
    quorum: int = 0  # number of different people
    within_s: float = 0.0  # longest wait for the last signature
    unreleased: str = ""  # why its plan counts as not released; empty if it is
    fault: str = ""  # why it would be refused; empty for nothing


def planned_requests(
    context: ExplainContext, database: Ledger, plan: BoundPlaybook, plant: Survey, now: Instant
) -> list[PlannedRequest]:
    """Returns the requests that a run would file, in order.

    A write whose tag reads the wanted value already is in none of them. Limits across tags count
    for the first one, since the others find another plant.
    """
    found: list[PlannedRequest] = []
    values = fix_values(plan, plan.steps, plant.readings, {})
    run = Run(
        already={each.id: tuple(already_so(each, values, plant.readings)) for each in plan.steps}
    )
    while steps := segment_steps(plan, run):
        seen = PlantSnapshot(plant.readings, History(()), 0.0, 0.0, 0, {}, recorded_of(run, plan))
        inputs = Inputs(_RUN, run, plan, (), seen, Clocks(now), context.site.tags)
        segment, approval = _segment(inputs), approval_of(plan, steps)
        if isinstance(segment, str) and approval is not None:
            found.append(PlannedRequest(tuple(steps), approval, fault=segment))
        elif isinstance(segment, Segment) and approval is not None:
            judging = replace(context, across=()) if found else context
            found.append(_judged(judging, database, (segment, plant), (steps, approval), now))
        done = {each.id: StepState.DONE for each in steps}
        run = Run(already=run.already, steps={**run.steps, **done})
    return found


def _segment(inputs: Inputs) -> Segment | str | None:
    """Returns the next segment, or why it cannot be made."""
    try:
        return make_segment_of(inputs, ())
    except InvalidArguments as error:
        return str(error)


def _judged(
    context: ExplainContext,
    database: Ledger,
    asked: tuple[Segment, Survey],
    of: tuple[Sequence[Step], RequiredApproval],
    now: Instant,
) -> PlannedRequest:
    (segment, plant), (steps, approval) = asked, of
    build = BuildContext(context.site, context.policy, context.across)
    locks = lockout_generations(database, scopes_of_segment(context.site, segment))
    proposer = Proposer(kind="agent", name=AGENT)
    try:
        request, denial = make_segment(build, segment, plant, proposer, locks, now)
    except HandwheelError as error:
        return PlannedRequest(tuple(steps), approval, fault=str(error))
    rated = class_of(context.site, database, request, now.wall)
    return PlannedRequest(
        tuple(steps), approval, rated.risk_class, request.roles, rated.quorum, request.within_s,
        rated.unreleased, denial.reason if denial else "",
    )  # fmt: skip
