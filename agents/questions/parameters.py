"""Kinds of parameters of questions, each named as the parameter."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from handwheel.connectors.config.durations import parse_duration
from handwheel.connectors.errors import ConfigError
from handwheel.connectors.hints import did_you_mean
from handwheel.connectors.model.tags import Tag
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.guardrails.ledger.listing import ListedRequest
from handwheel.tools.safe_text import printable

from ..deviations.case import Case
from ..deviations.standing import alarm_tags
from .sources import Sources

_ATTRIBUTES = ("pv", "sp", "active", "running", "pos")
_LEAST_BEGUN = 4  # characters of an id that is shortened
_LONGEST_S = 7 * 86400.0


@dataclass(frozen=True, slots=True)
class Kind:
    """Kind of a parameter.

    Attributes:
        parse: Returns its value. Raises `InvalidArguments` for what is none of the site.
        words: Values that the site has, with words by which people call them.
    """

    parse: Callable[[str, Sources], Any]
    words: Callable[[Sources], Mapping[str, str]] = lambda _: {}


def _tag(text: str, sources: Sources) -> Tag:
    tags = sources.site.tags
    for name in (text, *(f"{text}.{each}" for each in _ATTRIBUTES)):
        if name in tags:
            return tags[name]
    try:
        return sources.site.find_tags([text])[0]
    except ConfigError as error:
        raise InvalidArguments(printable(error.problems[0].reason)) from None


def _alarm(text: str, sources: Sources) -> Tag:
    tag = _tag(text, sources)
    if not tag.is_alarm:
        raise InvalidArguments(f"{tag.name} is no alarm")
    return tag


def _one(noun: str, name: str, known: Iterable[str]) -> str:
    names = list(known)
    begun = [each for each in names if each.startswith(name)]
    if name not in names and len(begun) == 1 and len(name) >= _LEAST_BEGUN:
        return begun[0]
    if name not in names:
        raise InvalidArguments(printable(f"there is no {noun} {name!r}{did_you_mean(name, names)}"))
    return name


def _equipment(text: str, sources: Sources) -> str:
    return _one("equipment", text, sources.site.equipment)


def _request(text: str, sources: Sources) -> ListedRequest:
    found = {each.request_id: each for each in sources.requests()}
    return found[_one("request", text, found)]


def _case(text: str, sources: Sources) -> Case:
    return sources.case(_one("case", text, sources.case_names()))


def _playbook(text: str, sources: Sources) -> str:
    return _one("playbook", text, sources.playbooks())


def _span_s(text: str, _: Sources) -> float:
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise InvalidArguments(printable(str(error))) from None
    if not 0.0 < seconds <= _LONGEST_S:
        raise InvalidArguments("a time lies between 0 and 7 d")
    return seconds


def _machines(sources: Sources) -> Mapping[str, str]:
    """Returns the equipment that runs or stands, with its class and letter."""
    every, tags = sources.site.equipment, sources.site.tags
    known = {name: each for name, each in every.items() if f"{name}.running" in tags}
    return {name: f"{each.class_} {name[-1]}" for name, each in known.items()}


def _text(text: str, _: Sources) -> str:
    return text


def _tag_words(sources: Sources) -> dict[str, str]:
    return {name: each.label for name, each in sources.site.tags.items()}


KINDS: Mapping[str, Kind] = {
    "tag": Kind(_tag, _tag_words),
    "alarm": Kind(_alarm, lambda of: {each.name: each.label for each in alarm_tags(of.site)}),
    "set_point": Kind(_tag, lambda of: {
        name: each.label for name, each in of.site.tags.items() if of.site.is_writable(each)
    }),
    "equipment": Kind(_equipment, lambda of: {
        name: f"{each.class_} {name[-1]}" for name, each in of.site.equipment.items()
    }),
    "machine": Kind(
        lambda text, of: _one("equipment that runs", text, _machines(of)), _machines
    ),
    "request": Kind(_request, lambda of: {each.request_id: "" for each in of.requests()[::-1]}),
    "case": Kind(_case, lambda of: dict.fromkeys(of.case_names()[::-1], "")),
    "playbook": Kind(_playbook, lambda of: dict.fromkeys(of.playbooks(), "")),
    "last": Kind(_span_s),
    "ago": Kind(_span_s),
    "value": Kind(_text),
    "at": Kind(_text),
}  # fmt: skip
"""Kinds by the names of parameters."""
