"""Current suspensions of actuation in the gate's memory."""

import logging
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from handwheel.connectors.model.tags import Tag

from ....errors import InterlockActive
from ....requests.request import ActionRequest
from ....requests.timestamps import Instant, stamp
from ...interlocks.suspension import Suspension, applying

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SuspensionChange:
    """That a suspension began, or that it is over."""

    what: Suspension
    is_over: bool = False  # which of the two


class Suspensions:
    """Current suspensions, kept in memory so that they hold whatever the ledger does.

    Each has a scope, a connection or `site`, and a cause; the same scope may have several.
    """

    def __init__(self) -> None:
        self._now: dict[tuple[str, str], Suspension] = {}
        self._changes: deque[SuspensionChange] = deque()

    @property
    def now(self) -> tuple[Suspension, ...]:
        """Current suspensions, the oldest first."""
        return tuple(self._now.values())

    def note(self, scope: str, cause: str, reason: str | None, now: Instant) -> None:
        """Notes whether a cause of suspension is present. Its first reason stands.

        It holds at least until the journal knows of it, and what was approved has ended; its end
        counts from when the journal knows of that.
        """
        key = (scope, cause)
        known = self._now.get(key)
        if known is None:
            if reason:
                self._now[key] = Suspension(scope=scope, reason=reason, since=stamp(now.wall))
                self._changes.append(SuspensionChange(self._now[key]))
                _logger.error("actuation is suspended: %s: %s", scope, reason)
            return
        begun, over = SuspensionChange(known), SuspensionChange(known, is_over=True)
        if reason and over in self._changes:
            self._changes.remove(over)  # it has come again before the journal knew of its end
        elif not reason and not {begun, over} & set(self._changes):
            self._changes.append(over)
            _logger.warning("actuation is suspended no more: %s: %s", scope, known.reason)

    def check(self, request: ActionRequest, tags: Mapping[str, Tag]) -> None:
        """Raises `InterlockActive` for a suspended request. Needs neither ledger nor disk."""
        if found := applying(self._now.values(), request, tags):
            raise InterlockActive("; ".join(each.words for each in found))

    def next_change(self) -> SuspensionChange | None:
        """Returns what the journal does not know yet, the oldest first."""
        return self._changes[0] if self._changes else None

    def mark_recorded(self) -> None:
        """Notes that the journal knows it."""
        change = self._changes.popleft()
        if change.is_over:
            self._now = {key: each for key, each in self._now.items() if each is not change.what}
