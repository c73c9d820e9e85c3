"""Questions about what happened to equipment, alarms and values, and what came with it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from handwheel.connectors.model.tags import Tag

from ...deviations.standing import measured_by
from ..answer import Asked, Fact
from ..moments import Change, changes, last_change, last_move, recorded_s
from ..question import question
from ..sources import SentWrite
from ..trends import Trend, longest_trend, number_text, span_text, trend_of
from .cases import case
from .readings import about, course, is_about, read_one, stale

_WITH_S = 15.0  # process time within which two events belong together
_SAME_S = 2.0  # by which the later of two events may be the cause
_EVENT_S = 120.0  # how long before an event the record of what came with it begins
_LAST_S = 1800.0
_SLOTS = 288
_MOST = 12
_MOST_OF_TAG = 2
_MOST_MOVED = 5
_LEAST_SHARE = 0.02  # of its range by which a value moves with another one
_RECORD = "historian, process time"
_Found = Mapping[str, Any]
_WRITES = "{% for each in writes %}{{ say.written(each) }}\n{% endfor %}"
_EVENT = """
{% if ago %}{{ name }} {{ did }} about {{ ago }} ago.
{% for words, at, is_after in with_it %}{{ words }} about {{ at }} ago, {% if is_after %}just after it{% else %}with it{% endif %}.
{% endfor %}
{% for tag, value, kind, limit in beyond %}{{ tag }} was at {{ value }} then, beyond its {{ kind }} limit of {{ limit }}.
{% endfor %}
""" + _WRITES + """
{% if not with_it and not beyond and not writes %}No interlock, alarm, trip limit or write of this site was recorded with it.
{% endif %}
{% elif reading.is_so %}{{ name }} {{ did }} before all of the last {{ known }} that were recorded, so the record does not tell what began it.
{% else %}{{ name }} has not {{ did }} in the last {{ known }} that were recorded.
{% endif %}
{{ say.reading(reading) }}
{% for each in cases %}{{ say.case(each) }}
{% endfor %}
{{ say.stale(stale) }}
"""  # fmt: skip


@question("why-tripped", "Why did equipment trip?", _EVENT, also="what tripped it, why the trip")
def why_tripped(asked: Asked, machine: str) -> _Found:
    """Tells when equipment tripped last, and what came with it."""
    return _event(asked, machine, "tripped", 1.0, "tripped")


@question("why-stopped", "Why did equipment stop?", _EVENT, also="what stopped it, went off")
def why_stopped(asked: Asked, machine: str) -> _Found:
    """Tells when equipment stopped last, and what came with it."""
    return _event(asked, machine, "running", 0.0, "stopped")


@question("why-started", "Why did equipment start?", _EVENT, also="what started it")
def why_started(asked: Asked, machine: str) -> _Found:
    """Tells when equipment started last, and what came with it."""
    return _event(asked, machine, "running", 1.0, "started")


@question("why-alarm", "Why did an alarm come?", _EVENT, also="what raised the alarm")
def why_alarm(asked: Asked, alarm: Tag) -> _Found:
    """Tells when an alarm came last, and what came with it."""
    return _told(asked, alarm.name.removesuffix(".active"), alarm, 1.0, "come")


def _event(asked: Asked, name: str, attribute: str, value: float, did: str) -> _Found:
    """Tells of a state of equipment, of one without a tag for its trip when it stopped."""
    tags = asked.sources.site.tags
    tag = tags.get(f"{name}.{attribute}")
    if tag is None:
        return _told(asked, name, tags[f"{name}.running"], 0.0, "stopped")
    return _told(asked, name, tag, value, did)


def _told(asked: Asked, name: str, tag: Tag, value: float, did: str) -> _Found:
    sources = asked.sources
    change = last_change(sources, tag, value)
    if change is not None:
        change = last_change(sources, tag, value, [change.before_s + _EVENT_S]) or change
    now, shown = read_one(asked, tag)
    is_so = now is not None and now.scalar is not None and float(now.scalar) == value
    members = {about(asked, tag) if tag.is_alarm else name} - {""}
    cases = [each for each in sources.cases() if is_about(each.judgement, {tag.name}, members)]
    return {
        "name": name, "reading": shown | {"is_so": is_so},
        "did": "came" if change and did == "come" else did,
        "known": asked.fact(tag.name, span_text(recorded_s(sources, tag)), _RECORD),
        "ago": change and asked.fact(tag.name, span_text(change.before_s), _RECORD),
        "with_it": list(_with(asked, name, tag, change)) if change else [],
        "beyond": list(_beyond(asked, name, tag, change)) if change else [],
        "writes": _writes(asked, members, change.before_s + _WITH_S) if change else [],
        "cases": [case(asked, each) for each in cases], "stale": stale(asked, cases),
    }  # fmt: skip


def _with(asked: Asked, name: str, of: Tag, change: Change) -> Iterator[tuple[str, Fact, bool]]:
    """Yields the trip, interlocks and alarms that came with an event, each with its time."""
    for tag in asked.sources.site.tags.values():
        is_interlock = tag.is_alarm and tag.name.startswith("I-")
        is_own = tag.name == f"{name}.tripped" or (tag.is_alarm and about(asked, tag) == name)
        if tag is of or not (is_own or is_interlock):
            continue
        found = changes(asked.sources, tag, change.looked_s)
        near = [
            each for each in found
            if each.after == 1.0
            and abs(each.before_s - change.before_s) <= max(_WITH_S, each.within_s)
        ]  # fmt: skip
        for each in near[-1:]:
            short = tag.name.removesuffix(".active")
            words = f"Interlock {short} acted" if is_interlock else f"Alarm {short} came"
            words = words if tag.is_alarm else f"{tag.equipment} tripped"
            at = asked.fact(tag.name, span_text(each.before_s), _RECORD)
            yield words, at, each.before_s < change.before_s - _SAME_S


def _beyond(
    asked: Asked, name: str, of: Tag, change: Change
) -> Iterator[tuple[str, Fact, str, Fact]]:
    """Yields the values of equipment, or of an alarm, that were beyond their limit then."""
    measured = measured_by(of) if of.is_alarm else ""
    for tag in asked.sources.site.tags.values():
        if tag.kind != "float" or not (tag.equipment == name or tag.name == measured):
            continue
        kind, (low, high) = ("alarm", tag.alarm) if of.is_alarm else ("trip", tag.trip)
        near = [
            each for each in asked.sources.window(tag.name, change.looked_s, _SLOTS)
            if abs(each.before_s - change.before_s) <= max(_WITH_S, each.span_s)
        ]  # fmt: skip
        highs = [each.high for each in near if each.high is not None]
        lows = [each.low for each in near if each.low is not None]
        pairs = [(max(highs), high)] if highs and high is not None and max(highs) > high else []
        pairs += [(min(lows), low)] if lows and low is not None and min(lows) < low else []
        for value, limit in pairs[:1]:
            told = asked.fact(tag.name, number_text(tag, value), "historian")
            yield tag.name, told, kind, asked.fact(tag.name, number_text(tag, limit), "tags file")


@question(
    "why-moving", "Why does a value rise or fall, and what moved with it?",
    """
{{ say.reading(reading) }}
{{ say.course(course) }}
""" + _WRITES + """
{% for each in moved %}In the same time {{ each.tag }} was {{ each.direction }}, by {{ each.change }}.
{% endfor %}
{% for each in cases %}{{ say.case(each) }}
{% endfor %}
{{ say.stale(stale) }}
{% if not cases and not stale %}No open case of the agents explains it.{% endif %}
""",
    also="why is it falling, rising, high, low, dropping, going up or down",
)  # fmt: skip
def why_moving(asked: Asked, tag: Tag) -> _Found:
    """Tells how a value went, with writes, other values of the equipment and open cases."""
    sources, equipment = asked.sources, {tag.equipment} - {""}
    trend = longest_trend(sources, tag, _LAST_S)
    last_s = trend.last_s if trend else _LAST_S
    cases = [each for each in sources.cases() if is_about(each.judgement, {tag.name}, equipment)]
    return {
        "reading": read_one(asked, tag)[1],
        "course": course(asked, tag, trend, last_s),
        "writes": _writes(asked, equipment, _LAST_S),
        "moved": list(_moved(asked, tag, equipment, last_s)),
        "cases": [case(asked, each) for each in cases], "stale": stale(asked, cases),
    }  # fmt: skip


def _moved(asked: Asked, of: Tag, equipment: set[str], last_s: float) -> Iterator[dict[str, Any]]:
    """Yields the values of the equipment that moved in the same time, the largest moves first."""
    found: list[tuple[float, Trend]] = []
    for tag in asked.sources.site.tags.values():
        if tag is of or tag.kind != "float" or tag.span is None:
            continue
        trend = None
        if not equipment or tag.equipment in equipment:
            trend = trend_of(asked.sources, tag, last_s, 30)
        if trend is not None and trend.direction != "steady":
            found.append((abs(trend.moved) / (tag.span[1] - tag.span[0]), trend))
    for share, trend in sorted(found, key=lambda each: -each[0])[:_MOST_MOVED]:
        if share >= _LEAST_SHARE:
            shown = f"{trend.moved:+.3g} {trend.tag.unit}".rstrip()
            source = f"historian, over {span_text(last_s)}"
            change = asked.fact(trend.tag.name, shown, source)
            yield {"tag": trend.tag.name, "direction": trend.direction, "change": change}


@question(
    "changed", "What changed, and who wrote what?",
    _WRITES + """
{% for each in changes %}{{ each.tag }} went from {{ each.before }} to {{ each.after }} about {{ each.ago }} {{ each.words }}.
{% endfor %}
{% if not writes and not changes %}Nothing was written or switched in the last {{ last }}, of what was recorded.{% endif %}
""",
    also="what was written, switched or set since, who touched it",
)  # fmt: skip
def changed(asked: Asked, last: float = 3600.0) -> _Found:
    """Tells the writes, switches and set points of the last while."""
    told = asked.fact("time", span_text(last), "asked, process time")
    return _changes(asked, 0.0, last) | {"last": told}


@question(
    "changed-before", "What changed before a value moved, or before a switch or alarm?",
    """
{% if ago %}{{ tag }} {{ did }} about {{ ago }} ago.
""" + _WRITES + """
{% for each in changes %}{{ each.tag }} went from {{ each.before }} to {{ each.after }} about {{ each.ago }} {{ each.words }}.
{% endfor %}
{% if not writes and not changes %}Nothing was written or switched in the {{ last }} before it, of what was recorded.{% endif %}

{% else %}The record of the last {{ known }} has no moment at which {{ tag }} changed or moved, so nothing before it is told.
{% endif %}
""",
    also="what happened before the trip, what was done before it fell",
)  # fmt: skip
def changed_before(asked: Asked, tag: Tag, last: float = 3600.0) -> _Found:
    """Tells the writes and switches before a tag changed or moved last."""
    sources = asked.sources
    if tag.kind == "float":
        every = [last_move(sources, tag, sign) for sign in (1.0, -1.0)]
    else:
        codes = [0.0, 1.0] if tag.kind == "bool" else [float(n) for n in tag.members.values()]
        codes = [1.0] if tag.is_alarm or tag.name.endswith(".tripped") else codes
        every = [last_change(sources, tag, each) for each in codes]
    found = min((each for each in every if each), key=lambda each: each.before_s, default=None)
    known = asked.fact(tag.name, span_text(recorded_s(sources, tag)), _RECORD)
    if found is None:
        return {"tag": tag.name, "ago": None, "known": known}
    ends = [asked.fact(tag.name, number_text(tag, each), "historian")
            for each in (found.before, found.after)]  # fmt: skip
    verb = "moved" if tag.kind == "float" else "changed"
    return {
        "tag": tag.name, "did": f"{verb} from {ends[0]} to {ends[1]}",
        "ago": asked.fact(tag.name, span_text(found.before_s), _RECORD),
        "last": asked.fact("time", span_text(last), "asked, process time"),
        **_changes(asked, found.before_s, last, tag),
    }  # fmt: skip


def _changes(asked: Asked, before_s: float, last_s: float, of: Tag | None = None) -> dict[str, Any]:
    """Returns writes and switches in the time before a moment, process time."""
    sources, reach_s = asked.sources, before_s + last_s
    words = "ago" if of is None else "before it"
    writes = [each for each in sources.writes(reach_s) if each.ago_s >= before_s]
    found: list[tuple[float, Change]] = []
    for tag in sources.site.tags.values():
        is_set = tag.kind in {"bool", "enum"} or tag.name.endswith(".sp")
        if tag is of or not tag.connection or not is_set:
            continue
        own = [each for each in changes(sources, tag, reach_s) if each.before_s >= before_s]
        found += [(each.before_s, each) for each in own[-_MOST_OF_TAG:]]
    told = sorted(found, key=lambda each: -each[0])[-_MOST:]
    return {
        "writes": [written(asked, each, each.ago_s - before_s, words) for each in writes[-_MOST:]],
        "changes": [
            {"tag": each.tag.name, "words": words,
             "ago": asked.fact(each.tag.name, span_text(at_s - before_s), _RECORD),
             "before": asked.fact(each.tag.name, number_text(each.tag, each.before), "historian"),
             "after": asked.fact(each.tag.name, number_text(each.tag, each.after), "historian")}
            for at_s, each in told
        ],
    }  # fmt: skip


def _writes(asked: Asked, equipment: set[str], last_s: float) -> Sequence[dict[str, Any]]:
    tags = asked.sources.site.tags
    return [
        written(asked, each, each.ago_s)
        for each in asked.sources.writes(last_s)
        if each.tag in tags and (not equipment or tags[each.tag].equipment in equipment)
    ]


def written(asked: Asked, write: SentWrite, ago_s: float, words: str = "ago") -> dict[str, Any]:
    """Returns a write as its sentence shows it, see `say.written`."""
    row, name = f"journal, row {write.row}", write.request_id
    return {
        "tag": write.tag, "request": name, "words": words,
        "value": asked.fact(write.tag, f"{write.shown} {write.unit}".rstrip(), row, write.at),
        "ago": asked.fact(write.tag, span_text(ago_s), f"{row}, process time", write.at),
        "proposer": asked.fact(name, write.proposer, "journal", write.at),
        "approvers": [
            asked.fact(name, person(each), "journal, signed", each.signed_at)
            for each in asked.sources.decisions(name)
            if each.verdict == "approve"
        ],
    }  # fmt: skip


def person(decision: Any) -> str:
    """Returns who has signed a decision, and that a script did where nobody typed for it."""
    how = "" if decision.attended else " (UNATTENDED: a script signed with the key)"
    return f"{decision.person}{how}"
