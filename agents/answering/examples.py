"""Questions that can be answered, for a site, and those nearest to one that cannot."""

from collections.abc import Sequence

from handwheel.connectors.model.site import Site

from .subjects import suggestions

_FORMS: Sequence[tuple[str, frozenset[str]]] = (
    ("what is {tag}?", frozenset({"SUBJECT", "NOW", "SHOW", "WHICH"})),
    ("how is {equipment} doing?", frozenset({"SUBJECT", "HOW", "CONDITION"})),
    ("why is {tag} falling?", frozenset({"WHY", "SUBJECT", "DIRECTION"})),
    ("since when is {tag} high?", frozenset({"SINCE", "SUBJECT", "DIRECTION"})),
    ("what changed before {tag} fell?", frozenset({"CHANGED", "BEFORE", "RECENT"})),
    ("what if {setpoint} = {value}?", frozenset({"IF", "SUBJECT", "QUANTITY"})),
    ("how long until {tag} reaches its limit?", frozenset({"UNTIL", "LIMIT", "SUBJECT"})),
    ("which alarms are on?", frozenset({"ALARM", "WHICH", "NOW"})),
    ("what waits for approval?", frozenset({"WAITING", "REQUEST", "COMMAND"})),
    ("who approved the last request, and when?", frozenset({"WHO", "WHEN", "DECIDED"})),
    ("have we seen this before?", frozenset({"SIMILAR", "BEFORE"})),
    ("which work orders are open?", frozenset({"ORDER"})),
    ("what do the agents think is wrong?", frozenset({"WRONG"})),
    ("which pump runs?", frozenset({"KIND", "RUN"})),
    ("plan: take {equipment} out for maintenance at 14:00", frozenset({"TAKE", "OUT", "NEED"})),
)
_USUAL = (0, 2, 8)
_SHOWN = 3


def examples(site: Site) -> list[str]:
    """Returns one question of each kind, in the names of a site."""
    return [form.format(**suggestions(site)) for form, _ in _FORMS]


def nearest(kinds: Sequence[str], site: Site) -> tuple[str, ...]:
    """Returns the three questions whose kinds of words are most like some others.

    Args:
        kinds: Of the words of a question; empty for the most usual three.
    """
    every = examples(site)
    shared = [len(wanted & set(kinds)) / len(wanted) for _, wanted in _FORMS]
    order = sorted(range(len(every)), key=lambda n: (-shared[n], n not in _USUAL, n))
    return tuple(every[n] for n in order[:_SHOWN])
