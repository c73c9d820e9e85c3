"""Assesses a request from recorded values, never from what an agent submitted."""

import time
from collections.abc import Iterator
from dataclasses import replace

from handwheel.agents.cases.field_answers import read_field_answers
from handwheel.agents.deviations.baseline_file import SiteBaseline, read_baseline
from handwheel.agents.deviations.case import case_ids
from handwheel.agents.diagnosis.check_names import CheckKey
from handwheel.agents.diagnosis.evidence import Evidence
from handwheel.agents.diagnosis.hypotheses import Hypotheses
from handwheel.agents.diagnosis.load import load_hypotheses
from handwheel.agents.lookahead.load import load_twin
from handwheel.agents.memory.alike_cases import SiteMemory
from handwheel.agents.memory.episode import diagnosis_of
from handwheel.agents.planning.candidates import is_answer
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

from .cause import Asked, cause_lines, fault_fields
from .courses import ahead_lines, course_lines, course_plots
from .foretold import foretold, shown_tags
from .model import AssessedLine, Assessment
from .ranking_text import ranking_lines
from .recorded_plant import NotComputable, OtherPlant, RecordedPlant, recorded_plant
from .twin_record import TwinRecord, TwinResidual, measured_residual

_RECORDED_S = 1.5  # after which values that the gate has read are recorded too


class Assessor:
    """Assesses one request again and again. It measures the twin only now and then.

    Closed cases are read once.
    """

    def __init__(self) -> None:
        self._memory = SiteMemory()
        self._residual: TwinResidual | None = None

    def assess(self, context: DecisionContext, request: ActionRequest) -> Iterator[Assessment]:
        """Yields the assessment of a request as far as it is computed, which takes seconds.

        Effect: none on the plant; reads the record, the gate's snapshot and the ledger.
        """
        try:
            yield from self._assess(context, request)
        except HandwheelError as error:
            yield Assessment.without(str(error), is_abnormal=isinstance(error, OtherPlant))

    def _assess(self, context: DecisionContext, request: ActionRequest) -> Iterator[Assessment]:
        site = context.site
        snapshot, begun_s = read_snapshot(context.database), time.monotonic()
        if snapshot is None:
            raise NotComputable("there is no snapshot of the gate to compare the record with")
        hypotheses, _ = load_hypotheses(site)
        now = instant_now().wall
        healthy = read_baseline(site, hypotheses, context.roster, context.revoked_keys(), now)
        plan = _released_plan(context, request)
        own, problems = load_twin(site)
        twin = TwinRecord(own, site) if own else None
        time.sleep(max(_RECORDED_S - (time.monotonic() - begun_s), 0.0))
        others = [twin] if twin else []
        plant = recorded_plant(site, hypotheses, healthy.baseline, snapshot.readings, plan, others)
        plant.diagnosis.answers = _answers(context, hypotheses)
        ranking = plant.diagnosis.diagnose(plant.readings)
        asked = _asked(context, request, plan, hypotheses)
        diagnosed = Assessment(
            until=stamp(plant.until),
            cause=cause_lines(ranking, asked),
            ranking=[*_healthy_lines(healthy), *ranking_lines(ranking.fields)],
        )
        yield diagnosed.model_copy(update={"is_whole": False})
        faults = diagnosis_of(fault_fields(ranking, asked))
        if alike := self._memory.alike(context.database, site, faults):
            told = {"alike": alike.lines, "has_alike": bool(alike.cases)}
            diagnosed = diagnosed.model_copy(update=told)
        if twin is None:
            failed = [AssessedLine(text=f"cannot be foretold here: {each}") for each in problems]
            yield diagnosed.model_copy(update={"courses": failed})
            return
        yield diagnosed.model_copy(update={"is_whole": False})
        yield from self._foretold(context, request, plan, plant, twin, diagnosed)

    def _foretold(
        self,
        context: DecisionContext,
        request: ActionRequest,
        plan: BoundPlaybook | None,
        plant: RecordedPlant,
        twin: TwinRecord,
        diagnosed: Assessment,
    ) -> Iterator[Assessment]:
        """Yields the assessment with both courses, and again once the twin's residual is known."""
        tags = context.site.tags
        try:
            found, with_what = foretold(twin, request, plan, plant, tags)
        except HandwheelError as error:
            failed = [AssessedLine(text=f"cannot be foretold here: {error}")]
            yield diagnosed.model_copy(update={"courses": failed})
            return

        names = shown_tags(request, plan)

        def judged(measured: TwinResidual | None, *, is_whole: bool) -> Assessment:
            known = replace(found, residual=measured.residual if measured else None)
            checked_s = measured.checked_s if measured else 0.0
            more = {
                "courses": course_lines(known, with_what, names, tags),
                "ahead": list(ahead_lines(known, with_what, checked_s)),
                "plots": course_plots(known, names, tags), "with_what": with_what,
                "is_whole": is_whole,
            }  # fmt: skip
            return diagnosed.model_copy(update=more)

        if self._residual is None or self._residual.is_old:
            yield judged(self._residual, is_whole=False)
            self._residual = measured_residual(twin.own, context.site)
        yield judged(self._residual, is_whole=True)


def _released_plan(context: DecisionContext, request: ActionRequest) -> BoundPlaybook | None:
    """Returns the playbook of a request as it is bound, `None` unless it is released."""
    run, now = request.run, instant_now().wall
    if run is None or class_of(context.site, context.database, request, now).unreleased:
        return None
    library, _ = load_library(context.site)
    for each in library:
        if (each.id, each.digest) == (run.playbook, run.digest):
            roles = {name: text for name, text in run.parameters.items() if name in each.file.roles}
            given = {name: text for name, text in run.parameters.items() if name not in roles}
            return bind(each, context.site, roles, given)
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
