"""Effects at the gate.

It records whether an expected effect of a write comes, and enforces nothing.

A verdict is recorded and changes nothing else.
"""

from collections.abc import Mapping
from time import monotonic

from handwheel.connectors.model.values import DataValue

from ....conditions.condition import Condition, parse_condition
from ....conditions.errors import ConditionError
from ....conditions.truth import Truth
from ....requests.timestamps import Instant
from ...ledger.actions import action_state
from ...ledger.effects import Effect, EffectVerdict, PendingEffect, pending_effects, record_verdict
from ...ledger.store.states import ActionState
from ..state.execution import Execution, GateContext
from ..state.memory import MonitoredEffect

_RESTARTED = "the gate was started meanwhile: it was not observed"
_CLOCK = "the clock was set or the machine restarted meanwhile: the time is not known"
_OTHER_TAGS = "it cannot be evaluated by the site's tags"


def give_up_effects(context: GateContext) -> None:
    """Records UNKNOWN for the effects that another gate was looking for."""
    for each in pending_effects(context.database):
        _conclude(context, each, "UNKNOWN", _RESTARTED, None)


def expect_effects(execution: Execution, now: Instant) -> None:
    """Looks from now on for what is expected after a command that was just verified.

    By the request that the second step has checked.
    """
    tags, action = execution.context.site.tags, execution.action
    for number, each in enumerate(action.effects, start=1):
        try:
            condition = parse_condition(each.text, tags)
        except ConditionError:
            condition = None
        # What the fresh look does not hold is not known to be true.
        was_so = condition is not None and condition.evaluate(execution.readings) is Truth.TRUE
        what = PendingEffect(action.action_id, number, each)
        execution.context.memory.expect(MonitoredEffect(what, condition, now, monotonic(), was_so))


def look_for_effects(context: GateContext, readings: Mapping[str, DataValue]) -> frozenset[str]:
    """Judges every expectation that is open, and records those that came or whose time is over.

    Only of what this gate has verified itself. Returns the tags that are still looked at.
    """
    tags = set[str]()
    for each in context.memory.expected:
        if each.condition is None:
            _conclude(context, each.what, "UNKNOWN", _OTHER_TAGS, None)
        elif not _is_concluded(context, each, each.condition, readings):
            tags.update(each.condition.tags)
            continue
        context.memory.conclude(each)  # only now: what could not be written is told the next time
    return frozenset(tags)


def _is_concluded(
    context: GateContext,
    each: MonitoredEffect,
    condition: Condition,
    readings: Mapping[str, DataValue],
) -> bool:
    what, since_s = each.what, context.clock().since_s(each.at)
    seen = {  # not what was so before
        name: readings[name]
        for name in condition.tags
        if name in readings and readings[name].received_s > each.at_s
    }
    truth, shown = condition.evaluate(seen), condition.shown(seen)
    if since_s is None:
        _conclude(context, what, "UNKNOWN", _CLOCK, None)
    elif truth is Truth.TRUE and since_s <= what.expectation.within_s:
        _conclude(context, what, "CAME", shown, since_s, was_so=each.was_so)
    elif since_s > what.expectation.within_s:
        _conclude(context, what, "UNKNOWN" if truth is Truth.UNKNOWN else "MISSED", shown, since_s)
    else:
        return False
    return True


def _conclude(
    context: GateContext,
    each: PendingEffect,
    verdict: EffectVerdict,
    observed: str,
    after_s: float | None,
    *,
    was_so: bool = False,
) -> None:
    expected = each.expectation
    effect = Effect(
        each.action_id, each.number, expected.text, expected.within_s, observed, verdict
    )
    with context.database.transaction(context.clock()) as transaction:
        # Else the disk has refused its outcome.
        if action_state(transaction, each.action_id) == ActionState.VERIFIED:
            record_verdict(transaction, effect, after_s, was_so=was_so)
