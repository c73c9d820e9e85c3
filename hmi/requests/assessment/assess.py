"""Assesses a request from recorded values, never from what an agent submitted."""

import time
from collections.abc import Iterator

from handwheel.agents.deviations.baseline_file import SiteBaseline, read_baseline
from handwheel.agents.deviations.case import case_ids
from handwheel.agents.deviations.field_answers import read_field_answers
from handwheel.agents.diagnosis.check_names import CheckKey
from handwheel.agents.diagnosis.evidence import Evidence
from handwheel.agents.diagnosis.hypotheses import Hypotheses
from handwheel.agents.diagnosis.load import load_hypotheses
from handwheel.agents.planning.answers import is_answer
from handwheel.connectors.errors import HandwheelError
from handwheel.playbooks.binding.bind import bind
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.language.loader import load_library
from handwheel.tools.guardrails.approval.cards.card_order import order_of
from handwheel.tools.guardrails.approval.plant_snapshot import read_snapshot
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.request_class import class_of
from handwheel.tools.requests.request import ActionRequest
from handwheel.tools.requests.timestamps import instant_now, stamp

from .cause import Asked, cause_lines
from .model import Assessment
from .ranking_text import ranking_lines
from .recorded_plant import NotComputable, OtherPlant, recorded_plant

_RECORDED_S = 1.5  # after which values that the gate has read are recorded too


def assess(context: DecisionContext, request: ActionRequest) -> Assessment:
    """Computes the assessment of a request, which takes seconds. It raises nothing of its own.

    Effect: none on the plant; reads the record, the gate's snapshot and the ledger.
    """
    try:
        return _assess(context, request)
    except HandwheelError as error:
        return Assessment.without(str(error), is_abnormal=isinstance(error, OtherPlant))


def _assess(context: DecisionContext, request: ActionRequest) -> Assessment:
    site = context.site
    snapshot, begun_s = read_snapshot(site.state, instant_now()), time.monotonic()
    if snapshot is None:
        raise NotComputable("there is no snapshot of the gate to compare the record with")
    hypotheses, _ = load_hypotheses(site)
    now = instant_now().wall
    healthy = read_baseline(site, hypotheses, context.roster, context.revoked_keys(), now)
    plan = _released_plan(context, request)
    time.sleep(max(_RECORDED_S - (time.monotonic() - begun_s), 0.0))
    plant = recorded_plant(site, hypotheses, healthy.baseline, snapshot.readings)
    plant.diagnosis.answers = _answers(context, hypotheses)
    ranking = plant.diagnosis.diagnose(plant.readings)
    return Assessment(
        until=stamp(plant.until),
        cause=cause_lines(ranking, _asked(context, request, plan, hypotheses)),
        ranking=[*_healthy_lines(healthy), *ranking_lines(ranking.fields)],
    )


def _released_plan(context: DecisionContext, request: ActionRequest) -> BoundPlaybook | None:
    """Returns the playbook of a request with its equipment, `None` unless it is released."""
    run, now = request.run, instant_now().wall
    if run is None or class_of(context.site, context.database, request, now).unreleased:
        return None
    library, _ = load_library(context.site)
    for each in library:
        if (each.id, each.digest) == (run.playbook, run.digest):
            roles = {
                name: run.parameters.get(name, asset) for name, asset in each.file.roles.items()
            }
            return bind(each, context.site, roles)
    return None


def _asked(
    context: DecisionContext,
    request: ActionRequest,
    plan: BoundPlaybook | None,
    hypotheses: Hypotheses,
) -> Asked:
    """Returns what a request is for. What follows its own writes is no answer to what is seen."""
    if plan is None or request.run is None:
        return Asked()
    answers = [each.id for each in hypotheses.every if is_answer(plan, each)]
    is_ordered = order_of(context, request, instant_now()) is not None
    return Asked(plan.id, answers, request.run.segment == 1 and not is_ordered)


def _answers(context: DecisionContext, hypotheses: Hypotheses) -> dict[CheckKey, Evidence]:
    """Returns the signed answers of people in the open cases."""
    now, found = instant_now(), dict[CheckKey, Evidence]()
    for case_id in case_ids(context.database):
        found |= read_field_answers(context, hypotheses.questions, case_id, now).evidence
    return found


def _healthy_lines(healthy: SiteBaseline) -> Iterator[str]:
    """Yields what the healthy residuals are from."""
    if healthy.file is None and not healthy.problems:
        yield "healthy residuals of the data sheets; the site has no baseline"
    elif healthy.problems:
        yield f"healthy residuals of the data sheets; {healthy.problems[0].reason}"
    else:
        yield f"healthy residuals of the baseline, signed {healthy.signed}"
