"""Explanation of one write, as text and JSON, with the plant read as for a proposal."""

from collections.abc import Iterable, Iterator, Mapping
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

from ..tags.reading_text import reading_fields

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


def rule_line(fields: Mapping[str, Any], width: int) -> str:
    """Returns the fields of `rule_fields` as a line."""
    limits, unit = fields["limits"], f" {fields['unit']}" if fields["unit"] else ""
    between = f"  {limits[0]:g} to {limits[1]:g}{unit}" if limits else ""
    roles, places = " and ".join(fields["roles"]), ", ".join(fields["rules"])
    return f"{fields['tag']:<{width}}  {fields['class']}  {roles}{between}  {places}"


def explanation_lines(
    policy: Policy, question: Question, asked: Value, found: Explanation
) -> Iterator[str]:
    """Yields the verdict, the approval it needs, the rules and what blocks the write."""
    tag, ruling = question.tag, found.ruling
    verdict = "denied" if found.denials else f"allowed, class {ruling.risk_class}"
    yield f"{tag.name} = {_with_unit(tag, asked)}: {verdict}"
    yield from (_row("because", reason) for reason in found.denials or ruling.reasons)
    yield _row("now", _now(question))
    if _differs(question.value, asked):
        yield _row("sent as", _with_unit(tag, question.value))
    if not found.denials:
        yield from _needs(policy, question, found)
    yield from _points(policy, question, found)
    yield from _state(policy, question, found)


def _now(question: Question) -> str:
    tag, now = question.tag, question.now
    if now is None:
        return "not known, the plant does not answer"
    return f"{printable(tag.show(now))} {tag.unit}".rstrip() + f" ({now.status.name})"


def _differs(sent: Value, asked: Value) -> bool:
    return (type(sent), sent) != (type(asked), asked)


def _needs(policy: Policy, question: Question, found: Explanation) -> Iterator[str]:
    ruling = found.ruling
    people = "one person" if ruling.quorum == 1 else f"{ruling.quorum} different people"
    not_own = f", not {question.person}" if question.person not in {"", "person"} else ""
    places = ", ".join(policy.deciders(question.tag.name).get("roles", ()))
    yield _row("approved by", f"{people} as {' and '.join(ruling.roles)}{not_own} ({places})")
    yield _row("may sign", ", ".join(map(printable, found.signers)) or "no enrolled operator")
    yield from _row_of_areas(policy, ruling.roles)
    if ruling.risk_class != "R1":
        yield _row("confirmed by", "typing tag and value")
    yield _row("waits", f"at most {format_duration(policy.ttl_max_s)} for the last signature")


def _row_of_areas(policy: Policy, roles: Iterable[str]) -> Iterator[str]:
    for role in roles:
        if areas := policy.areas_of(role):
            yield _row("area", f"{role} counts in {' and '.join(areas)} only")


def _points(policy: Policy, question: Question, found: Explanation) -> Iterator[str]:
    tag, ruling = question.tag, found.ruling
    texts: dict[str, str] = {"forbid": "it is never written"}
    if ruling.rules:
        texts["class"] = ruling.risk_class
        texts["commissioned"] = "not commissioned: two people must approve"
    for name, ends in (("limits", ruling.limits), ("band", ruling.band)):
        if ends:
            texts[name] = f"{exact_text(ends[0])} .. {exact_text(ends[1])} {tag.unit}".rstrip()
    if ruling.max_step is not None:
        texts["max_step"] = f"{ruling.max_step:g} {tag.unit}".rstrip()
    if ruling.rate_per_s is not None:
        texts["rate"] = f"{ruling.rate_per_s * 60.0:g} {tag.unit}".rstrip() + "/min"
    if ruling.cooldown_s:
        texts["cooldown"] = f"{format_duration(ruling.cooldown_s)} after the last write"
    names = {"band": "normal band", "max_step": "largest step", "rate": "largest rate",
             "cooldown": "cool-down"}  # fmt: skip
    deciders = policy.deciders(tag.name)
    for point, text in texts.items():
        if places := deciders.get(point):
            yield _row(names.get(point, point), f"{text} ({', '.join(places)})")
    yield from (_row("must be true", _crossed(each)) for each in found.across)


def _crossed(each: CrossLimitResult) -> str:
    rule = each.rule
    verdict = "not known" if each.is_unknown else "no" if each.denial else "yes"
    return f"{rule.text}, {_WITH[rule.with_]}: {verdict} ({rule.id}, {rule.place})"


def _is_unanswered(each: CrossLimitResult) -> bool:
    return each.is_unknown and each.denial is None


def _state(policy: Policy, question: Question, found: Explanation) -> Iterator[str]:
    for each in found.budgets:
        if isinstance(each, GroupUsage):
            place = each.group.place
            yield _row("group", f"{each.group.id}: {budget_left(each)} ({place})")
        else:
            yield _row("group", each)
    if found.denials:
        yield from (_row("blocked by", each) for each in found.obstacles)
        return
    whose = "requests" if question.is_agents else "requests of people"
    most = policy.asking.pending
    for role, number in found.waiting.items():
        yield _row("asked now", f"{number} of {most} {whose} wait for {role}")
    for each in found.obstacles or ("nothing",):
        yield _row("blocked by", each)


def budget_left(each: GroupUsage) -> str:
    """Returns the remaining writes and travel of a group as text."""
    group = each.group
    parts: list[str] = []
    if each.writes_left is not None:
        parts.append(f"{each.writes_left} of {group.writes} writes")
    if each.travel_left is not None:
        parts.append(f"{each.travel_left:g} of {group.travel:g} {group.unit}".rstrip())
    return f"{' and '.join(parts)} left within {format_duration(group.within_s)}"


def _row(name: str, text: str) -> str:
    return f"  {name:<13} {text}"


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
