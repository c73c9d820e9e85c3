"""Questions that can be answered, for a site, and those nearest to one that cannot."""

from collections.abc import Container, Iterator, Mapping, Sequence
from string import Formatter

from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag

from .subjects import Subject, command_of

_FORMS: Sequence[tuple[str, frozenset[str]]] = (
    ("what is {tag}?", frozenset({"SUBJECT", "NOW", "SHOW", "WHICH"})),
    ("how is {equipment} doing?", frozenset({"SUBJECT", "HOW", "CONDITION"})),
    ("why is {tag} falling?", frozenset({"WHY", "SUBJECT", "DIRECTION"})),
    ("since when is {tag} high?", frozenset({"SINCE", "SUBJECT", "LEVEL"})),
    ("what changed before {tag} fell?", frozenset({"CHANGED", "BEFORE", "RECENT"})),
    ("what if {setpoint} = {value}?", frozenset({"IF", "SUBJECT", "QUANTITY"})),
    ("how long until {limited} reaches its limit?", frozenset({"UNTIL", "LIMIT", "SUBJECT"})),
    ("which alarms are on?", frozenset({"ALARM", "WHICH", "NOW"})),
    ("what waits for approval?", frozenset({"WAITING", "REQUEST", "COMMAND"})),
    ("who approved the last request, and when?", frozenset({"WHO", "WHEN", "DECIDED"})),
    ("have we seen this before?", frozenset({"SIMILAR", "BEFORE"})),
    ("which work orders are open?", frozenset({"ORDER"})),
    ("what do the agents think is wrong?", frozenset({"WRONG", "AGENT"})),
    ("which {class_} runs?", frozenset({"KIND", "RUN"})),
    ("plan: take {movable} out for maintenance at 14:00", frozenset({"TAKE", "OUT", "NEED"})),
    ("what was {tag} 30 min ago?", frozenset({"SUBJECT", "AGO"})),
    ("what if {stoppable} stops?", frozenset({"IF", "SUBJECT"})),
    ("was {runner} running in the last 2 h?", frozenset({"SUBJECT", "SPAN", "RUN"})),
)
_USUAL = (0, 2, 8)
_SHOWN = 3


def examples(site: Site) -> list[str]:
    """Returns one question of each kind that a site can answer, in its names."""
    return [form.format(**_suggestions(site)) for form, _ in _answerable(site)]


def nearest(kinds: Sequence[str], site: Site, about: Sequence[Subject] = ()) -> tuple[str, ...]:
    """Returns the three questions whose kinds of words are most like some others.

    Args:
        kinds: Of the words of a question; empty for the most usual three.
        about: Subjects of the question, about which they are where the site can answer that.
    """
    forms, words = _answerable(site), _suggestions(site, {each.name for each in about})
    every = [form.format(**words) for form, _ in forms]
    usual = {_FORMS[n] for n in _USUAL}
    shared = [len(wanted & set(kinds)) / len(wanted) for _, wanted in forms]
    order = sorted(range(len(every)), key=lambda n: (-shared[n], forms[n] not in usual, n))
    return tuple(every[n] for n in order[:_SHOWN])


def _answerable(site: Site) -> list[tuple[str, frozenset[str]]]:
    found = _suggestions(site)
    return [each for each in _FORMS if all(found[name] for name in _names(each[0]))]


def _names(form: str) -> Iterator[str]:
    return (name for _, name, _, _ in Formatter().parse(form) if name)


def _suggestions(site: Site, about: Container[str] = ()) -> Mapping[str, str]:
    """Returns tags, equipment and a value of a site for questions, empty where it has none."""
    pieces = sorted(
        site.equipment, key=lambda each: (each not in about, site.equipment[each].class_ != "pump")
    )
    runners = [each for each in pieces if f"{each}.running" in site.tags]
    classes = [site.equipment[each].class_ for each in runners]
    tags = sorted(site.tags.values(), key=lambda each: each.name not in about)
    measured = [each for each in tags if each.kind == "float" and each.label]
    limited = [each for each in measured if any(n is not None for n in (*each.alarm, *each.trip))]
    setpoint = next((each for each in site.tags.values() if _is_setpoint(site, each)), None)
    low, high = setpoint.span if setpoint and setpoint.span else (0.0, 0.0)
    return {
        "tag": _first([each.name for each in measured if each.name in about or not limited])
        or _first([each.name for each in limited]),
        "limited": _first([each.name for each in limited]),
        "equipment": _first([each for each in pieces if _is_telling(site, each)]),
        "movable": _first([each for each in pieces if _is_movable(site, each)]),
        "runner": _first(runners),
        "stoppable": _first(
            [each for each in runners if site.twin and command_of(site, each, "stop")]
        ),
        "class_": _first([each for each in classes if each and classes.count(each) > 1]),
        "setpoint": setpoint.name if setpoint else "",
        "value": f"{(low + high) / 2:.5g} {setpoint.unit}".rstrip() if setpoint else "",
    }


def _first(names: Sequence[str]) -> str:
    return names[0] if names else ""


def _is_setpoint(site: Site, tag: Tag) -> bool:
    is_number = tag.kind == "float" and tag.span is not None
    return site.twin is not None and is_number and site.is_writable(tag)


def _is_movable(site: Site, equipment: str) -> bool:
    tag = site.tags.get(f"{equipment}.mode")
    return tag is not None and "maintenance" in tag.members and site.is_writable(tag)


def _is_telling(site: Site, equipment: str) -> bool:
    return any(
        each.equipment == equipment and each.kind == "float" and each.name.endswith(".pv")
        for each in site.tags.values()
    )
