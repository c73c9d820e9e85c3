"""Questions about what comes, by the recorded course or by the site's twin."""

from collections.abc import Iterator, Mapping
from typing import Any

from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.hints import next_step
from handwheel.connectors.model.tags import Tag
from handwheel.tools.errors import InvalidArguments

from ...lookahead.prediction import Prediction
from ..answer import Asked
from ..question import question
from ..trends import Trend, number_text, settled_trend, span_text
from .readings import course, read_one
from .record import asked_number

_LAST_S = 3600.0
_SURE = 2.0  # standard errors of the range of a time that is told
_MOST_MOVED = 5
_LEAST_SHARE = 0.005  # of its range by which a tag ends elsewhere
_Found = Mapping[str, Any]


@question(
    "limit", "How long until a value reaches its alarm, its trip or some number?",
    """
{{ say.reading(reading) }}
{% if stepped %}{{ tag }} jumped about {{ stepped }} ago, so only the time since then counts.
{% endif %}
{{ say.course(course) }}
{% for words, limit, after, times in ahead %}{{ tag }} reaches {{ words }} {{ limit }} in about {{ after }} (from {{ times | join(" to ") }}) if it goes on so.
{% endfor %}
{% if not ahead %}So it moves towards {% if limits %}no limit of {{ limits | join(", ") }}{% else %}no limit, since the tags file has none{% endif %}.
{% endif %}
""",
    also="when does it trip, when will it reach the alarm",
)  # fmt: skip
def limit(asked: Asked, tag: Tag, value: str = "") -> _Found:
    """Tells when a value reaches a limit by the line of the last hour since its last step."""
    trend, stepped_s = settled_trend(asked.sources, tag, _LAST_S)
    if value:
        edges = [("the value", asked_number(tag, value), "asked")]
    else:
        edges = [
            (f"its {kind} limit", each, "tags file")
            for kind, limits in (("alarm", tag.alarm), ("trip", tag.trip))
            for each in limits if each is not None
        ]  # fmt: skip
    told = [(words, edge, asked.fact(tag.name, number_text(tag, edge), source))
            for words, edge, source in edges]  # fmt: skip
    ahead: list[tuple[str, object, object, list[object]]] = []
    if trend is not None and trend.direction != "steady":
        source = f"historian, line of the last {span_text(trend.last_s)}"
        for words, edge, shown in told:
            if (times := _times_s(trend, edge)) is not None:
                after, *ends = (asked.fact(tag.name, span_text(each), source) for each in times)
                ahead.append((words, shown, after, [*ends]))
    return {
        "tag": tag.name, "reading": read_one(asked, tag)[1],
        "course": course(asked, tag, trend, _LAST_S), "limits": [each for *_, each in told],
        "stepped": stepped_s and asked.fact(tag.name, span_text(stepped_s), "historian"),
        "ahead": ahead,
    }  # fmt: skip


def _times_s(trend: Trend, edge: float) -> list[float] | None:
    """Returns when a course reaches a limit and its range, `None` where it moves away."""
    away = edge - trend.points[-1][1]
    if away * trend.per_h <= 0.0:
        return None
    rates = (trend.per_h - _SURE * trend.error_per_h, trend.per_h + _SURE * trend.error_per_h)
    ends = sorted(3600.0 * abs(away / each) for each in rates if each * trend.per_h > 0.0)
    return [3600.0 * abs(away / trend.per_h), *ends]


@question(
    "what-if", "What would happen with another value of a set point, or a start or stop?",
    """
{{ say.reading(reading) }}
{% for each in denials %}The policy would not allow it: {{ each }}.
{% endfor %}
{% for each in obstacles %}It would be refused now: {{ each }}.
{% endfor %}
{% if fault %}Nothing is foretold: {{ fault }}.
{% else %}
{% for tag, after, before in moved %}With {{ set_point }} at {{ value }}, {{ tag }} would be {{ after }} after {{ horizon }} instead of {{ before }}.
{% endfor %}
{% if not moved %}With {{ set_point }} at {{ value }} nothing else ends elsewhere within {{ horizon }}.
{% endif %}
{% for each in alarms %}Alarm {{ each }} would come, which else it would not.
{% endfor %}
{% if trip %}The plant would trip after {{ trip }}.{% endif %}

{% if not is_trusted %}The twin is not trusted now, so this only informs.{% endif %}

Nothing was written or requested.
{% endif %}
""",
    also="if we set it to, what if the pump stops",
)  # fmt: skip
def what_if(asked: Asked, set_point: Tag, value: str) -> _Found:
    """Tells by the twin where the plant would end, and what speaks against such a write."""
    site, tag = asked.sources.site, set_point
    if not site.is_writable(tag):
        raise InvalidArguments(f"{tag.name} cannot be written at this site")
    text = f"{asked_number(tag, value):.12g}" if tag.kind in {"float", "int"} else value
    ruled, source = asked.sources.plant.ruled(tag, text), "policy and gate, judged now"
    found: dict[str, Any] = {
        "set_point": tag.name, "reading": read_one(asked, tag)[1],
        "denials": [asked.reason(tag.name, each, source) for each in ruled.denials],
        "obstacles": [asked.reason(tag.name, each, source) for each in ruled.obstacles],
        "value": asked.fact(tag.name, f"{text} {tag.unit}".rstrip(), "asked"),
    }  # fmt: skip
    try:
        ahead = asked.sources.plant.foretold(tag, text)
    except HandwheelError as error:
        return found | {"fault": asked.fact(tag.name, str(error), "twin")}
    asked.next_steps.append(next_step("policy", "explain", f"{tag.name}={text}"))
    origin, trip = f"twin {ahead.twin}", ahead.with_plan.trip
    moved = [each for each in _moved(asked, ahead) if each[0] is not tag][:_MOST_MOVED]
    is_new = trip is not None and ahead.without.trip is None
    return found | {
        "fault": None, "is_trusted": ahead.is_trusted, "alarms": new_alarms(ahead),
        "horizon": asked.fact(tag.name, span_text(ahead.horizon_s), origin),
        "moved": [
            (each.name, *(asked.fact(each.name, number_text(each, n), origin)
                          for n in (with_it, without)))
            for each, without, with_it in moved
        ],
        "trip": trip and is_new and asked.fact(
            tag.name, f"{span_text(trip[0])}, {trip[1]}", origin),
    }  # fmt: skip


def new_alarms(ahead: Prediction) -> list[str]:
    """Returns the alarms that come with a plan and not without."""
    known = ahead.without.alarms
    return [each.removesuffix(".active") for each in ahead.with_plan.alarms if each not in known]


def _moved(asked: Asked, ahead: Prediction) -> Iterator[tuple[Tag, float, float]]:
    """Yields tags that end elsewhere with both ends, switches first, then by the move."""
    ends: list[tuple[float, Tag, float, float]] = []
    for name, series in ahead.with_plan.series.items():
        tag, other = asked.sources.site.tags.get(name), ahead.without.series.get(name)
        if tag is None or not other:
            continue
        if name.endswith(".running") and other[-1] != series[-1]:
            ends.append((2.0, tag, other[-1], series[-1]))
        elif tag.span is not None and tag.kind == "float":
            share = abs(series[-1] - other[-1]) / (tag.span[1] - tag.span[0])
            ends.append((share, tag, other[-1], series[-1]))
    for share, tag, without, with_it in sorted(ends, key=lambda each: -each[0]):
        if share >= _LEAST_SHARE:
            yield tag, without, with_it
