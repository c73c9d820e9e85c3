"""Prediction of a request, from recorded values and what it would write."""

from collections.abc import Iterator, Mapping
from itertools import chain
from math import isclose

from handwheel.agents.lookahead.foretell import foretell
from handwheel.agents.lookahead.look_ahead import prediction_of
from handwheel.agents.lookahead.moves import THINK_S, PlannedMoves, moves_of
from handwheel.agents.lookahead.prediction import Prediction
from handwheel.agents.lookahead.twin import Move, TwinError
from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.model.tags import Tag
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.tools.requests.request import Action, ActionRequest

from .model import WITH_REQUEST, WITH_RUN
from .recorded_plant import RecordedPlant
from .twin_record import TwinRecord, limited

_SAME = 1e-5  # share of a value, since a device may hold it with six digits


def foretold(
    twin: TwinRecord,
    request: ActionRequest,
    plan: BoundPlaybook | None,
    plant: RecordedPlant,
    tags: Mapping[str, Tag],
) -> tuple[Prediction, str]:
    """Returns both courses of the plant, and what the second one holds.

    The residual of the twin is not known in them.

    Args:
        plan: Its released playbook, whose later steps are foretold too; `None` for its own writes.

    Raises `TwinError` if the twin fails, or if a write is not known.
    """
    own = twin.own
    missing = [each for each in own.twin.tags if twin.windows.latest(each) is None]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise TwinError(f"{own.name}: the record lacks {missing[0]}{more}, which it needs")
    planned, with_what = _planned(request, plan, plant)
    with limited():
        found = foretell(own, twin.windows, planned.moves)
    if plan is not None:
        return prediction_of(own, plan, tags, planned, found, None), with_what
    assumptions = [*planned.assumptions, *found.estimate.assumptions]
    courses = found.without, found.with_plan
    off = found.estimate.off
    alone = Prediction(own.name, own.horizon_s, *courses, (), None, own.trust, assumptions, off)
    return alone, with_what


def shown_tags(request: ActionRequest, plan: BoundPlaybook | None) -> list[str]:
    """Returns the tags whose courses are shown, those of triggers and invariants."""
    if plan is None:
        return [each.tag for each in request.commands]
    triggers = (part.condition for each in plan.triggers for part in each.parts)
    invariants = (each.condition for each in plan.invariants)
    return list(dict.fromkeys(tag for each in chain(triggers, invariants) for tag in each.tags))


def _planned(
    request: ActionRequest, plan: BoundPlaybook | None, plant: RecordedPlant
) -> tuple[PlannedMoves, str]:
    """Returns the moves of the playbook if they hold those of the request, else only these.

    The text tells which.
    """
    own = PlannedMoves(list(_requested(request)), _assumptions(request))
    if plan is None:
        return own, WITH_REQUEST
    found = moves_of(plan, plant.readings, plant.history)
    last = {each.tag: each.value for each in own.moves}
    is_same = all(
        any(each.tag == tag and isclose(each.value, value, rel_tol=_SAME) for each in found.moves)
        for tag, value in last.items()
    )
    if not is_same:
        return own, WITH_REQUEST
    is_more = any(
        each.tag not in last or not isclose(each.value, last[each.tag], rel_tol=_SAME)
        for each in {each.tag: each for each in found.moves}.values()
    )
    return found, WITH_RUN if is_more else WITH_REQUEST


def _requested(request: ActionRequest) -> Iterator[Move]:
    """Yields the writes of a request, and their undo at the end of a lease."""
    at_s = THINK_S
    for each in request.commands:
        at_s += each.after_s or 0.0
        yield _move(each, at_s)
    if request.lease is not None:
        for each in request.recovery:
            yield _move(each, at_s + request.lease.for_s)


def _move(action: Action, at_s: float) -> Move:
    if isinstance(action.value, str):
        raise TwinError(f"{action.tag} takes a text, which no twin foretells")
    return Move(action.tag, float(action.value), at_s)


def _assumptions(request: ActionRequest) -> list[str]:
    found = [f"people approve the request {format_duration(THINK_S)} after now"]
    if request.run is not None:
        found.append("only the writes of this request are sent, and no later step")
    return found
