"""Explanation of one write, as text and JSON, with the plant read as for a proposal."""

from collections.abc import Mapping
from functools import partial
from operator import itemgetter
from time import monotonic
from typing import Any

from handwheel.connectors.client.site_reader import survey
from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import Value, exact_text
from handwheel.connectors.session.protocols import Survey
from handwheel.tools.guardrails.approval.explain import (
    CrossLimitResult,
    ExplainContext,
    Explanation,
    Question,
    coerced,
    explain,
)
from handwheel.tools.guardrails.approval.plant_snapshot import read_snapshot
from handwheel.tools.guardrails.policy.cross_limits import cross_limits, cross_tags
from handwheel.tools.guardrails.policy.groups import GroupUsage
from handwheel.tools.guardrails.policy.policy import Policy
from handwheel.tools.guardrails.policy.rules import TagRules
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.requests.timestamps import instant_now
from handwheel.tools.safe_text import printable

from ...shell.terminal.show import Column
from ...shell.terminal.templates import render
from ..tags.connection_text import reading_fields

ANYBODY = "person"
"""Proposer that is any person."""


def explain_context(context: DecisionContext) -> ExplainContext:
    """Returns what an explanation is made from, of an open ledger."""
    site, policy, database = context.site, context.policy, context.database
    across, snapshot = cross_limits(site, policy), read_snapshot(database)
    return ExplainContext(site, policy, across, database, context.roster, snapshot)


async def explain_write(
    context: ExplainContext, tag: Tag, asked: Value, person: str
) -> tuple[Question, Explanation]:
    """Returns a write as the device would hold it, and its explanation.

    Args:
        person: The proposer; empty for an agent, `ANYBODY` for any person.

    Effect: OBSERVE. Retry and time-out: see `survey`. A plant that does not answer is no error.
    """
    plant = await _survey_plant(context, tag)
    sent = coerced(tag, asked, plant)
    value = asked if sent is None else sent
    question = Question(tag, value, person, plant.readings if plant else {})
    return question, explain(context, question, instant_now())


async def _survey_plant(context: ExplainContext, tag: Tag) -> Survey | None:
    """Reads the plant once. Returns `None` if it does not answer."""
    read = context.site.find_tags(sorted({tag.name, *cross_tags(context.across, tag)}))
    try:
        return await survey(context.site, read, [tag] if context.site.is_writable(tag) else [])
    except NotConnected:
        return None


INDENT = 16
_WITH = {"after": "as it would be after the write", "now": "as the plant is"}


def rule_fields(rules: TagRules) -> dict[str, object]:
    """Returns the combined rules of a tag as JSON fields."""
    return {
        "tag": rules.tag.name,
        "class": rules.class_ if rules.is_commissioned else "R3",
        "roles": list(rules.roles),
        "limits": [rules.limits.low, rules.limits.high] if rules.limits else None,
        "unit": rules.tag.unit,
        "rules": list(rules.places),
    }


def _limits(fields: Mapping[str, Any]) -> str:
    if not fields["limits"]:
        return ""
    low, high = fields["limits"]
    return f"{low:g} to {high:g} {fields['unit']}".rstrip()


RULE_COLUMNS: list[Column[Mapping[str, Any]]] = [
    Column("tag", itemgetter("tag")),
    Column("class", itemgetter("class")),
    Column("roles", lambda each: " and ".join(each["roles"])),
    Column("limits", _limits),
    Column("rules", lambda each: ", ".join(each["rules"])),
]
"""Columns of a list of `rule_fields`."""


def explanation_lines(
    policy: Policy, question: Question, asked: Value, found: Explanation
) -> list[str]:
    """Returns the verdict, the approval it needs, the rules and what blocks the write."""
    tag, sent = question.tag, question.value

    def span(ends: tuple[float, float] | None) -> str:
        text = f"{exact_text(ends[0])} .. {exact_text(ends[1])} {tag.unit}" if ends else ""
        return text.rstrip()

    def size(number: float | None, factor: float = 1.0, per: str = "") -> str:
        return "" if number is None else f"{number * factor:g} {tag.unit}".rstrip() + per

    shown = render(
        "handwheel.hmi.site.commissioning", "policy_explain.txt.j2",
        policy=policy, question=question, asked=asked,
        found=found, ruling=found.ruling, deciders=policy.deciders(tag.name), now=_now(question),
        differs=(type(sent), sent) != (type(asked), asked), span=span, size=size,
        value=partial(_with_unit, tag), left=budget_left, **{"with": _WITH},
    )  # fmt: skip
    return shown.splitlines()


def _now(question: Question) -> str:
    tag, now = question.tag, question.now
    if now is None:
        return "not known, the plant does not answer"
    return f"{printable(tag.show(now))} {tag.unit}".rstrip() + f" ({now.status.name})"


def _is_unanswered(each: CrossLimitResult) -> bool:
    return each.is_unknown and each.denial is None


def budget_left(each: GroupUsage) -> str:
    """Returns the remaining writes and travel of a group as text."""
    group = each.group
    parts: list[str] = []
    if each.writes_left is not None:
        parts.append(f"{each.writes_left} of {group.writes} writes")
    if each.travel_left is not None:
        parts.append(f"{each.travel_left:g} of {group.travel:g} {group.unit}".rstrip())
    return f"{' and '.join(parts)} left within {format_duration(group.within_s)}"


def _with_unit(tag: Tag, value: Value | None) -> str:
    return f"{printable(tag.show_value(value))} {tag.unit}".rstrip()


def explanation_fields(
    policy: Policy, question: Question, asked: Value, found: Explanation
) -> dict[str, object]:
    """Returns the same as JSON fields with times in seconds and rates per second."""
    tag, ruling = question.tag, found.ruling
    return {
        "tag": tag.name,
        "value": asked,
        "shown": tag.show_value(asked),
        "sent_as": question.value if question.readings else None,
        "unit": tag.unit,
        "now": reading_fields(question.now, monotonic()) if question.now else None,
        "allowed": not found.denials,
        "class": ruling.risk_class,
        "roles": ruling.roles,
        "quorum": ruling.quorum,
        "reasons": found.denials or ruling.reasons,
        "rules": ruling.rules,
        "decided_by": dict(policy.deciders(tag.name)),
        "limits": ruling.limits,
        "band": ruling.band,
        "max_step": ruling.max_step,
        "rate_per_s": ruling.rate_per_s,
        "cooldown_s": ruling.cooldown_s,
        "areas": {role: policy.areas_of(role) for role in ruling.roles},
        "signers": found.signers,
        "confirmation": ruling.risk_class != "R1",
        "within_s": policy.ttl_max_s,
        "across": [
            {
                "id": each.rule.id,
                "that": each.rule.text,
                "with": each.rule.with_,
                "rule": each.rule.place,
                "denial": None if _is_unanswered(each) else str(each.denial or ""),
                "unknown": each.is_unknown,
            }
            for each in found.across
        ],
        "groups": [_group_fields(each) for each in found.budgets],
        "waiting": dict(found.waiting),
        "waiting_most": policy.asking.pending,
        "in_the_way": found.obstacles,
    }


def _group_fields(each: GroupUsage | str) -> dict[str, object]:
    if isinstance(each, str):
        return {"fault": each}
    return {
        "id": each.group.id,
        "rule": each.group.place,
        "within_s": each.group.within_s,
        "writes": each.group.writes,
        "writes_left": each.writes_left,
        "travel": each.group.travel,
        "travel_left": each.travel_left,
    }
