"""Requests that agents would file by a playbook, from readings and the ledger."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any

from handwheel.agents.planning.plan_check import check_plan
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.session.protocols import Survey
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.preview.planned_requests import PlannedRequest
from handwheel.playbooks.preview.planned_writes import PlannedWrite
from handwheel.playbooks.preview.preview import Preview, make_preview, tags_to_read
from handwheel.tools.guardrails.approval.explain import ExplainContext
from handwheel.tools.guardrails.approval.plant_snapshot import read_snapshot
from handwheel.tools.guardrails.policy.cross_limits import CrossLimit
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.requests.timestamps import Instant

from ..documents.phrases import work_text


async def preview_requests(
    context: DecisionContext,
    across: Sequence[CrossLimit],
    survey: Callable[[Sequence[Tag], Sequence[Tag]], Awaitable[Survey]],
    clock: Callable[[], Instant],
    plan: BoundPlaybook,
) -> Mapping[str, Any]:
    """Returns the writes and requests of a run that began now, as JSON fields. Files none.

    Raises `NotConnected` if the plant cannot be read.

    Effect: OBSERVE. Retry and time-out: those of the survey.
    """
    site, database, now = context.site, context.database, clock()
    explained = ExplainContext(
        site, context.policy, across, database, context.roster, read_snapshot(database)
    )
    writes = [each.tag for each in plan.writes]
    plant = await survey(tags_to_read(explained, plan), writes)
    preview = make_preview(explained, database, plan, plant, now)
    denial = check_plan(context, plan, now) if preview.requests else None
    obstacles = [*([denial.reason] if denial else []), *preview.owners]
    return _fields(preview, obstacles)


def _fields(preview: Preview, obstacles: Sequence[str]) -> Mapping[str, Any]:
    blocked = [
        *obstacles,
        *preview.denied(),
        *(each.fault for each in preview.requests if each.fault),
    ]
    return {
        "version": preview.plan.version, "digest": preview.plan.digest,
        "steps": list(_steps(preview)),
        "requests": [_request_fields(each) for each in preview.requests],
        "blocked_by": list(dict.fromkeys(blocked)),
    }  # fmt: skip


def _steps(preview: Preview) -> Iterator[Mapping[str, Any]]:
    """Yields each write from now to proposed, and the work of each step without one."""
    for step in preview.plan.steps:
        found = [each for each in preview.writes if (each.part, each.step) == ("step", step.id)]
        yield from map(_write_fields, found)
        if not step.writes:
            yield {"step": step.id, "work": work_text(step, preview.readings)}


def _write_fields(write: PlannedWrite) -> Mapping[str, Any]:
    return {
        "step": write.step, "tag": write.tag.name, "unit": write.tag.unit,
        "now": write.tag.show(write.now) if write.now else "?",
        "value": write.tag.show_value(write.value), "already": write.is_already,
    }  # fmt: skip


def _request_fields(request: PlannedRequest) -> Mapping[str, Any]:
    return {
        "steps": [each.id for each in request.steps], "class": request.risk_class,
        "roles": list(request.roles or [request.approval.role]), "quorum": request.quorum,
        "within_s": request.within_s, "unreleased": request.unreleased,
    }  # fmt: skip
