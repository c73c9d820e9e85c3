"""When a row of the journal was written, on people's clocks."""

from datetime import UTC, datetime
from functools import lru_cache

from ...requests.canonical import parse_canonical
from ...requests.stamps import Instant, parse_stamp

UNKNOWN = Instant(datetime.max.replace(tzinfo=UTC), "", 0)
"""A moment since which no time can be told, for no machine was ever started under that name.

Later than any other, so that what counts from the last of some moments counts from this one.
"""


@lru_cache(maxsize=256)
def moment_of(text: str) -> Instant:
    """Returns when a row was written; `UNKNOWN` if its text does not say so.

    Args:
        text: Of the row, in canonical form.
    """
    try:
        fields = parse_canonical(text)
        at, boot_id = parse_stamp(fields["at"]), fields["boot_id"]
        boot_ms = round(fields["boot_s"] * 1000.0)
    except (ArithmeticError, LookupError, TypeError, ValueError):
        return UNKNOWN
    return Instant(at, boot_id, boot_ms) if isinstance(boot_id, str) else UNKNOWN
