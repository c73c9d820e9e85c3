"""Prediction of a plan in lines, from its fields in the journal."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from handwheel.agents.lookahead.prediction import trust_words
from handwheel.connectors.config.durations import format_duration
from handwheel.tools.safe_text import LONG, printable

_COURSES: Mapping[str, str] = {"without": "without the plan", "with_plan": "with it"}


def prediction_lines(fields: Mapping[str, Any]) -> Iterator[str]:
    """Yields what the twin has foretold about one candidate, and how far it is trusted."""
    name = fields["candidate"]
    if "problem" in fields:
        yield _line(f"  not foretold  {name}: {fields['problem']}")
        return
    trust = trust_words(fields.get("residual"), fields["trust"], fields.get("off", 0.0))
    over = format_duration(fields["horizon_s"])
    yield _line(f"  foretold  {name}, by {fields['twin']} over {over}; {trust}")
    for each in fields["margins"]:
        yield _line(f"    {each['text']}: {_both(each)}")
    for kind, text in (("trip", _trip), ("alarms", _alarms)):
        found = {key: text(fields[key].get(kind)) for key in _COURSES}
        if any(found.values()):
            told = (f"{found[key] or 'none'} {words}" for key, words in _COURSES.items())
            yield _line(f"    {kind}: {', '.join(told)}")
    for each in fields["assumptions"]:
        yield _line(f"    assumed: {str(each).removesuffix('.')}")


def _both(margin: Mapping[str, Any]) -> str:
    """Returns the least distance in both courses."""
    told: list[str] = []
    for key, words in _COURSES.items():
        at = format_duration(margin[f"{key}_at_s"])
        told.append(f"{_distance(margin.get(key), margin['unit'])} in {at} {words}")
    return ", ".join(told)


def _distance(value: float | None, unit: str) -> str:
    if value is None:
        return "not known"
    if not unit:
        return f"{value:.3g} away" if value >= 0 else f"beyond by {-value:.3g}"
    return f"{value:.3g} {unit} away" if value >= 0 else f"{-value:.3g} {unit} beyond"


def _trip(found: Sequence[Any] | None) -> str:
    """Returns the cause of a trip with its time, empty without one."""
    return f"{found[1]} in {format_duration(found[0])}" if found else ""


def _alarms(found: Mapping[str, float]) -> str:
    """Returns each alarm with the time of its beginning."""
    firsts = sorted(found.items(), key=lambda each: each[1])
    return " and ".join(f"{name} in {format_duration(at_s)}" for name, at_s in firsts)


def _line(text: str) -> str:
    return text[: len(text) - len(text.lstrip())] + printable(text.lstrip(), LONG)
