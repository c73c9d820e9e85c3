"""Effects at the gate: it looks whether what was expected after a write comes. It enforces nothing.

A verdict is one row of the ledger and one of the journal, and changes nothing else.
"""

from collections.abc import Iterable, Mapping

from handwheel.connectors.values import DataValue

from ...conditions.condition import Condition, parse_condition
from ...conditions.errors import ConditionError
from ...conditions.truth import Truth
from ...requests.stamps import Instant
from ..ledger.effects import Effect, Verdict, Watched, record_effect, watched_effects
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
        try:
            condition = parse_condition(each.expectation.text, post.site.tags)
        except ConditionError:
            _conclude(post, each, "UNKNOWN", _OTHER_TAGS, None)
            continue
        if not _is_concluded(post, each, condition, readings):
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


def _is_concluded(
    post: Post, each: Watched, condition: Condition, readings: Mapping[str, DataValue]
) -> bool:
    since_s = post.clock().since_s(each.verified)
    seen = post.deeds.seen_since(each.action_id, readings)  # not what was so before
    truth, shown = condition.evaluate(seen), condition.shown(seen)
    if since_s is None:
        _conclude(post, each, "UNKNOWN", _CLOCK, None)
    elif truth is Truth.TRUE and since_s <= each.expectation.within_s:
        _conclude(post, each, "CAME", shown, since_s)
    elif since_s > each.expectation.within_s:
        _conclude(post, each, "UNKNOWN" if truth is Truth.UNKNOWN else "MISSED", shown, since_s)
    else:
        return False
    return True


def _conclude(
    post: Post, each: Watched, verdict: Verdict, observed: str, after_s: float | None
) -> None:
    expected = each.expectation
    effect = Effect(
        each.action_id, each.number, expected.text, expected.within_s, observed, verdict
    )
    with post.database.transaction(post.clock()) as transaction:
        record_effect(transaction, effect, after_s)
