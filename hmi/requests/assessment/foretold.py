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

from .recorded_plant import RecordedPlant
from .twin_record import TwinRecord, limited

_SAME = 1e-5  # share of a value, since a device may hold it with six digits


def foretold(
    twin: TwinRecord,
    request: ActionRequest,
    plan: BoundPlaybook | None,
    plant: RecordedPlant,
    tags: Mapping[str, Tag],
) -> Prediction:
    """Returns both courses of the plant, with a residual of the twin that is not known.

    Args:
        plan: Its released playbook, whose later steps are foretold too; `None` for its own writes.

    Raises `TwinError` if the twin fails, or if a write is not known.
    """
    own = twin.own
    missing = [each for each in own.twin.tags if twin.windows.latest(each) is None]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise TwinError(f"{own.name}: the record lacks {missing[0]}{more}, which it needs")
    planned = _planned(request, plan, plant)
    with limited():
        found = foretell(own, twin.windows, planned.moves)
    if plan is not None:
        return prediction_of(own, plan, tags, planned, found, None)
    assumptions = [*planned.assumptions, *found.estimate.assumptions]
    courses = found.without, found.with_plan
    return Prediction(
        own.name, own.horizon_s, *courses, (), None, own.trust, assumptions, found.estimate.off
    )


def shown_tags(request: ActionRequest, plan: BoundPlaybook | None) -> list[str]:
    """Returns the tags whose courses are shown, those of triggers and invariants."""
    if plan is None:
        return [each.tag for each in request.commands]
    triggers = (part.condition for each in plan.triggers for part in each.parts)
    invariants = (each.condition for each in plan.invariants)
    return list(dict.fromkeys(tag for each in chain(triggers, invariants) for tag in each.tags))


def _planned(
    request: ActionRequest, plan: BoundPlaybook | None, plant: RecordedPlant
) -> PlannedMoves:
    """Returns the moves of the playbook if they hold those of the request, else only these."""
    own = PlannedMoves(list(_requested(request)), _assumptions(request))
    if plan is None:
        return own
    found = moves_of(plan, plant.readings, plant.history)
    last = {each.tag: each.value for each in own.moves}
    is_same = all(
        any(each.tag == tag and isclose(each.value, value, rel_tol=_SAME) for each in found.moves)
        for tag, value in last.items()
    )
    return found if is_same else own


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
