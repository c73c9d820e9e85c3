"""Tags that a server refuses while it delivers others."""

from collections import Counter
from collections.abc import Iterable, Mapping

from asyncua.ua.status_codes import StatusCodes

from ...model.values import BAD_NODE_UNKNOWN, GOOD, DataValue

_INFORMATION = 0xFFFF
_REFUSALS = frozenset(
    {
        StatusCodes.BadAttributeIdInvalid,
        StatusCodes.BadIndexRangeInvalid,
        StatusCodes.BadIndexRangeNoData,
        StatusCodes.BadNodeIdInvalid,
        StatusCodes.BadNodeIdUnknown,
        StatusCodes.BadNotReadable,
        StatusCodes.BadSecurityModeInsufficient,
        StatusCodes.BadUserAccessDenied,
    }
)


class RefusedTags:
    """Refused tags, as of the last read of each."""

    def __init__(self) -> None:
        self._reasons: dict[str, str] = {}

    @property
    def has_unknown(self) -> bool:
        """Whether the server does not know the node of a tag."""
        return BAD_NODE_UNKNOWN.name in self._reasons.values()

    def take(self, readings: Mapping[str, DataValue]) -> None:
        """Takes the readings of some tags."""
        others = {name: each[1] for name, each in readings.items() if each[1] is not GOOD}
        if not others and not self._reasons:
            return
        kept = {name: why for name, why in self._reasons.items() if name not in readings}
        self._reasons = kept | {
            name: status.name
            for name, status in others.items()
            if status & ~_INFORMATION in _REFUSALS
        }

    def faults(self) -> dict[str, str]:
        """Returns the number of refused tags by reason. See `Session.faults`."""
        return count_reasons(self._reasons.values())


def count_reasons(reasons: Iterable[str]) -> dict[str, str]:
    """Returns the number of tags for each reason, as a fault such as `2 tags`."""
    by_count: dict[int, list[str]] = {}
    for reason, count in Counter(reasons).items():
        by_count.setdefault(count, []).append(reason)
    return {
        f"{count} tag{'s' * (count > 1)}{' each' * (len(each) > 1)}": ", ".join(each)
        for count, each in by_count.items()
    }
