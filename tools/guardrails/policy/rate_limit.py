"""Rate limit of a tag."""

from math import ceil

from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import Value

from ...conditions.names import Quantity
from ...errors import PolicyViolation
from ...requests.timestamps import Instant
from ..ledger.store.database import LedgerReader
from ..ledger.write_history import last_sent, value_sent
from .policy import Ruling
from .quantities import rounding

FIRST_S = 60.0
"""Assumed time since the last write of a tag that this ledger has never written."""


def check_rate(
    reader: LedgerReader,
    tag: Tag,
    ruling: Ruling,
    value: Value,
    before: Value | None,
    now: Instant,
    but: str = "",
) -> None:
    """Refuses a change that is too fast.

    The distance is measured from the value last sent or the tag's reading, whichever is further,
    the time from the last write. A tag that this ledger has never written counts as written a
    minute ago, or its cool-down if that is longer, so that its first step is limited too.

    Args:
        before: The tag's reading, or the expected one.
        but: The action that is checked.

    Raises:
        PolicyViolation: It is too fast, or the value is not known.
    """
    rate = ruling.rate_per_s
    if rate is None:
        return
    last = last_sent(reader, tag.name, now, but)
    since_s = last.since_s if last else max(FIRST_S, ruling.cooldown_s)
    starts = [before, value_sent(reader, last)] if last else [before]
    step = max(_distance(tag, start, value) for start in starts)
    if step <= rate * since_s:
        return
    most = f"{rate * 60.0:g} {tag.unit}/min".replace(" /", "/")
    if last is not None:
        raise PolicyViolation(
            f"{tag.name} was written {since_s:.0f} s ago and would change faster than {most}: "
            f"wait {ceil(step / rate - since_s)} s more"
        )
    first, it = Quantity(rate * since_s, tag.unit), Quantity(step, tag.unit)
    raise PolicyViolation(
        f"{tag.name} was never written from here: at {most} its first step may be {first}, not {it}"
    )


def _distance(tag: Tag, start: Value | None, value: Value) -> float:
    if start is None:
        raise PolicyViolation(f"the rate of {tag.name} is limited, and its value is not known now")
    if (
        isinstance(start, bool)
        or isinstance(value, bool)
        or not isinstance(start, int | float)
        or not isinstance(value, int | float)
    ):
        raise PolicyViolation(f"the rate of {tag.name} is limited, and it is no number")
    return abs(value - start) - rounding(tag) * max(abs(value), abs(start))
