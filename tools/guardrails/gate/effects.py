"""Effects at the gate: it looks whether what was expected after a write comes. It enforces nothing.

A verdict is one row of the ledger and one of the journal, and changes nothing else.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from handwheel.connectors.tags import Tag
from handwheel.connectors.values import DataValue

from ...conditions.condition import Condition, parse_condition
from ...conditions.errors import ConditionError
from ...conditions.truth import Truth
from ...requests.request import Expectation
from ...requests.stamps import Instant
from ..ledger.effects import Effect, Verdict, Watched, record_effect, watched_effects
from ..ledger.transitions import ActionState
from .deeds import Deed
from .passage import Post

_RESTARTED = "the gate was started meanwhile: nobody has looked"
_CLOCK = "the clock was set or the machine restarted meanwhile: nobody can tell when"
_OTHER_TAGS = "it cannot be judged by the site's tags"


def give_up_effects(post: Post) -> None:
    """Says of what another gate was looking for that nobody knows; a gate that starts does.

    Raises:
        LedgerError: It cannot be written.
    """
    for each in watched_effects(post.database):
        _conclude(post, each, "UNKNOWN", _RESTARTED, None)


def look_for_effects(
    post: Post, readings: Mapping[str, DataValue], since: Instant
) -> frozenset[str]:
    """Judges every expectation that is open, and records those that came or whose time is over.

    Only of what this gate has verified itself, and by its own memory of when that was: rows that
    somebody else has written are passed by.

    Args:
        readings: What the gate has read last.
        since: The moment at which this gate took its post.

    Returns:
        The tags that are still looked at.

    Raises:
        LedgerError: It cannot be written.
    """
    tags = set[str]()
    for each in watched_effects(post.database, since):
        deed = post.deeds.of(each.action_id)
        if deed is None or deed.state is not ActionState.VERIFIED:
            continue
        try:
            condition = parse_condition(each.expectation.text, post.site.tags)
        except ConditionError:
            _conclude(post, each, "UNKNOWN", _OTHER_TAGS, None)
            continue
        if not _is_concluded(post, each, deed, condition, readings):
            tags |= set(condition.tags)
    return frozenset(tags)


def tags_of_effects(post: Post, texts: Iterable[str]) -> set[str]:
    """Returns every tag of some expectations that can be judged at this site."""
    found = set[str]()
    for text in texts:
        try:
            found |= set(parse_condition(text, post.site.tags).tags)
        except ConditionError:
            continue  # it is found unknown when it is looked for
    return found


def so_before(
    tags: Mapping[str, Tag], effects: Sequence[Expectation], readings: Mapping[str, DataValue]
) -> list[int]:
    """Returns which effects are true before the frame has left: by their places, from 1.

    Args:
        readings: Of the fresh look; what it does not hold is not known to be true.
    """
    found: list[int] = []
    for number, each in enumerate(effects, start=1):
        with suppress(ConditionError):
            condition = parse_condition(each.text, tags)
            if condition.evaluate(readings) is Truth.TRUE:
                found.append(number)
    return found


def _is_concluded(
    post: Post,
    each: Watched,
    deed: Deed,
    condition: Condition,
    readings: Mapping[str, DataValue],
) -> bool:
    since_s, was_so = post.clock().since_s(deed.at), each.number in deed.so_before
    seen = post.deeds.seen_since(each.action_id, readings)  # not what was so before
    truth, shown = condition.evaluate(seen), condition.shown(seen)
    if since_s is None:
        _conclude(post, each, "UNKNOWN", _CLOCK, None)
    elif truth is Truth.TRUE and since_s <= each.expectation.within_s:
        _conclude(post, each, "CAME", shown, since_s, was_so=was_so)
    elif since_s > each.expectation.within_s:
        _conclude(post, each, "UNKNOWN" if truth is Truth.UNKNOWN else "MISSED", shown, since_s)
    else:
        return False
    return True


def _conclude(
    post: Post,
    each: Watched,
    verdict: Verdict,
    observed: str,
    after_s: float | None,
    *,
    was_so: bool = False,
) -> None:
    expected = each.expectation
    effect = Effect(
        each.action_id, each.number, expected.text, expected.within_s, observed, verdict
    )
    with post.database.transaction(post.clock()) as transaction:
        record_effect(transaction, effect, after_s, was_so=was_so)
