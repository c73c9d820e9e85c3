"""Questions about values, alarms and equipment as they are now."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import DataValue, Quality

from ...deviations.standing import alarm_tags, limited_tags, measured_by
from ..answer import Asked
from ..question import question
from ..trends import Trend, number_text, settled_trend, span_text

_TREND_S = 600.0
_TELLING = frozenset(
    {"pv", "running", "tripped", "available", "mode", "speed", "days_to_limit", "rf"}
)
_MOST = 12  # values of a piece of equipment
_Found = Mapping[str, Any]
_ALARMS = """
{% for each in alarms %}Alarm {{ each.name }} is active: {{ each.value }}.
{% endfor %}
{% if unknown %}{{ unknown }} have no value to rely on, so they may be active.
{% endif %}
"""
_READINGS = "{% for each in readings %}{{ say.reading(each) }}\n{% endfor %}"


@question(
    "abnormal", "What is abnormal now?",
    _ALARMS + _READINGS + """
{% for each in cases %}{{ each.id }} is open: {{ each.condition }}.
{% endfor %}
{% if not alarms and not unknown and not readings and not cases %}
No alarm is active, no value is beyond a limit, and no case is open.
{% endif %}
""",
    also="is anything wrong or unusual, is everything all right",
)  # fmt: skip
def abnormal(asked: Asked) -> _Found:
    """Finds active alarms, values beyond a limit or without quality, and open cases."""
    site = asked.sources.site
    tags = [site.tags[each] for each in sorted(limited_tags(site.tags.values()))]
    every = [reading(asked, tag, found) for tag, found in read(asked, tags)]
    cases = [
        {"id": each.case_id, "condition": asked.fact(
            each.case_id, each.condition or "a deviation", "journal", each.opened_at)}
        for each in asked.sources.cases()
    ]  # fmt: skip
    odd = [each for each in every if each["beyond"] or not each["is_good"]]
    return {**_alarms(asked, None), "readings": odd, "cases": cases}


@question(
    "value", "What does a tag read, and where does it go?",
    _READINGS + "{% if course %}{{ say.course(course) }}{% endif %}",
    also="what is the value of, how high is, read",
)  # fmt: skip
def value(asked: Asked, tag: Tag) -> _Found:
    """Reads a tag, with its limits and its course."""
    found = read_one(asked, tag)[1]
    trend = settled_trend(asked.sources, tag, _TREND_S)[0] if tag.kind == "float" else None
    return {"readings": [found], "course": course(asked, tag, trend, _TREND_S) if trend else None}


@question(
    "equipment", "How is a piece of equipment?",
    _READINGS + _ALARMS + """
{% for name, title in open %}{{ name }} is open about {{ equipment }}: {{ title }}.
{% endfor %}
{{ say.stale(stale) }}
""",
    also="how is the pump doing, condition, state of",
)  # fmt: skip
def equipment(asked: Asked, equipment: str) -> _Found:
    """Reads what tells of equipment and its members, with alarms, cases and work orders."""
    sources, site = asked.sources, asked.sources.site
    members = site.members_of(equipment)
    names = {tag for each in members for tag in site.equipment[each].attributes.values()}
    tags = [
        each for name, each in site.tags.items()
        if (each.equipment in members or name in names)
        and name.rpartition(".")[2] in _TELLING
    ][:_MOST]  # fmt: skip
    cases = [each for each in sources.cases() if is_about(each.judgement, (), members)]
    open_ = [
        (each.case_id, asked.fact(each.case_id, each.condition or "opened", "journal",
                                  each.opened_at))
        for each in cases
    ] + [
        (each.workorder_id, asked.fact(each.workorder_id, each.title, "work orders",
                                       each.opened_at))
        for each in sources.work_orders() if each.asset in members
    ]  # fmt: skip
    return {
        "equipment": equipment, "open": open_, "stale": stale(asked, cases) if cases else None,
        "readings": [reading(asked, *each) for each in read(asked, tags)],
        **_alarms(asked, members),
    }  # fmt: skip


@question(
    "alarms",
    "Which alarms are active?",
    _ALARMS + "{% if not alarms and not unknown %}No alarm is active.{% endif %}",
    also="is anything in alarm, alarms on",
)
def alarms(asked: Asked) -> _Found:
    """Finds the active alarms."""
    return _alarms(asked, None)


@question(
    "running", "Which pumps, fans and other equipment run?", _READINGS,
    also="what runs, is it on",
)  # fmt: skip
def running(asked: Asked) -> _Found:
    """Reads what runs, with its mode."""
    site = asked.sources.site
    names = [f"{each}.{part}" for each in site.equipment for part in ("running", "mode")]
    found = read(asked, [site.tags[each] for each in names if each in site.tags])
    return {"readings": [reading(asked, *each) for each in found]}


def read(asked: Asked, tags: Sequence[Tag]) -> list[tuple[Tag, DataValue | None]]:
    """Returns present values of tags in their order, `None` where one is not reached."""
    found = asked.sources.plant.read(tags)
    return [(each, found.get(each.name)) for each in tags]


def read_one(asked: Asked, tag: Tag) -> tuple[DataValue | None, dict[str, Any]]:
    """Returns the present value of a tag, and its reading as its sentence shows it."""
    ((_, found),) = read(asked, [tag])
    return found, reading(asked, tag, found)


def reading(asked: Asked, tag: Tag, found: DataValue | None) -> dict[str, Any]:
    """Returns a reading as its sentence shows it, see `say.reading`."""
    is_good = found is not None and found.quality is Quality.GOOD and found.scalar is not None
    if found is None or not is_good:
        status = "not reached" if found is None else found.status.name
        value = asked.fact(tag.name, status, "read now")
    else:
        shown = f"{tag.show(found)} {tag.unit}".rstrip()
        value = asked.fact(tag.name, shown, f"read now, {found.quality.value}")
    is_plain = not any(each.isdigit() for each in tag.label)
    return {
        "name": tag.name, "label": tag.label if is_plain else "", "value": value,
        "is_good": is_good, "limits": list(_limits(asked, tag)) if is_good else [],
        "beyond": _beyond(tag, found.scalar) if found and is_good else "",
    }  # fmt: skip


def _limits(asked: Asked, tag: Tag) -> Iterable[tuple[str, object]]:
    for kind, (low, high) in (("alarm", tag.alarm), ("trip", tag.trip)):
        for side, limit in (("below", low), ("above", high)):
            if limit is not None:
                shown = f"{tag.show_value(limit)} {tag.unit}".rstrip()
                yield f"{kind} {side}", asked.fact(tag.name, shown, "tags file")


def _beyond(tag: Tag, value: object) -> str:
    """Returns the kind of limit that a value lies beyond, empty for none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    for kind, (low, high) in (("trip", tag.trip), ("alarm", tag.alarm)):
        if (low is not None and value < low) or (high is not None and value > high):
            return kind
    return ""


def course(asked: Asked, tag: Tag, trend: Trend | None, last_s: float) -> dict[str, Any]:
    """Returns how a tag went as its sentence shows it, see `say.course`."""
    last_s = trend.last_s if trend else last_s
    found: dict[str, Any] = {"tag": tag.name, "rate": None, "low": None}
    found["last"] = asked.fact(tag.name, span_text(last_s), "historian, process time")
    if trend is None:
        return found
    rate = f"{trend.per_h:+.3g} {tag.unit}/h"
    found |= {"direction": trend.direction, "rate": asked.fact(
        tag.name, rate, f"historian, line of least squares over {span_text(last_s)}")}  # fmt: skip
    if trend.has_varied:
        found["direction"] = "varying"
        for side, number in (("low", trend.low), ("high", trend.high)):
            found[side] = asked.fact(tag.name, number_text(tag, number), "historian")
    return found


def _alarms(asked: Asked, members: Collection[str] | None) -> dict[str, Any]:
    """Returns the active alarms, and how many are not known, of some equipment or all."""
    site = asked.sources.site
    every = [each for each in alarm_tags(site) if members is None or about(asked, each) in members]
    active: list[dict[str, Any]] = []
    unknown = 0
    for tag, found in read(asked, every):
        if found is None or found.quality is not Quality.GOOD:
            unknown += 1
        elif found.scalar:
            text = asked.fact(tag.name, tag.label or "active", "read now, the site's own label")
            active.append({"name": tag.name.removesuffix(".active"), "value": text})
    count = f"{unknown} of {len(every)} alarms"
    return {"alarms": active, "unknown": unknown and asked.fact("alarms", count, "read now")}


def about(asked: Asked, alarm: Tag) -> str:
    """Returns the equipment of an alarm, else that of what it measures, empty for none."""
    measured = asked.sources.site.tags.get(measured_by(alarm))
    return alarm.equipment or (measured.equipment if measured else "")


def is_about(
    judgement: Mapping[str, Any], tags: Collection[str], equipment: Collection[str]
) -> bool:
    """Whether a case is judged to be about some tags or equipment."""
    diagnosis: Mapping[str, Any] = judgement.get("diagnosis") or {}
    hypotheses: Sequence[Mapping[str, Any]] = diagnosis.get("hypotheses", ())
    found = {name for each in judgement.get("candidates", ()) for name in each.get("equipment", ())}
    signed = {tag for each in hypotheses for sign in each["evidence"] for tag in sign["tags"]}
    return not found.isdisjoint(equipment) or not signed.isdisjoint(tags)


def stale(asked: Asked, cases: Sequence[Any]) -> dict[str, Any] | None:
    """Returns that no agents judge cases now, `None` if they do."""
    if not (missing := asked.sources.missing_agents()):
        return None
    stamps = [(each.case_id, each.judged_at or each.opened_at) for each in cases]
    shown = [(name, asked.fact(name, f"{at[:10]} {at[11:19]} UTC", "journal", at))
             for name, at in stamps]  # fmt: skip
    return {"reason": asked.fact("agents", missing, "the gate"), "cases": shown}
