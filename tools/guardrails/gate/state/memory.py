"""In-memory record of what this gate process has done. A ledger row alone never authorises a write.

Whoever shares the ledger's file can write rows. No approval outlives a start of the gate, so for
whatever may leave now, this gate knows by itself what came before it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from time import monotonic

from handwheel.connectors.model.values import DataValue

from ....conditions.condition import Condition
from ....requests.timestamps import Instant
from ...ledger.effects import PendingEffect
from ...ledger.lifecycle import waits_too_long
from ...ledger.store.states import ActionState
from ...signatures.request_class import RequestClass


@dataclass(frozen=True, slots=True)
class ActionMemory:
    """Where this gate has brought an action."""

    state: ActionState
    at: Instant  # time on wall and boot clock
    at_s: float  # the same on the clock of readings, monotonic seconds
    may_have_left: bool  # whether this gate has recorded its intent


@dataclass(frozen=True, slots=True)
class MonitoredEffect:
    """Something that is looked for since this gate has verified a command."""

    what: PendingEffect
    condition: Condition | None  # `None` if it cannot be evaluated by the site's tags
    at: Instant  # when the command was verified, on wall and boot clock
    at_s: float  # the same on the clock of readings, monotonic seconds
    was_so: bool  # whether it was true before the frame left


class GateMemory:
    """The actions that this gate has brought anywhere, by their ids.

    None is forgotten for as long as the gate lives: what was sent is sent once. That is about
    600 bytes for each action, 0.6 MB a day for a gate that writes 1,000 times; of each the ledger
    holds some 15 KB on the disk, those of a forger's rows too. What is expected of one is
    forgotten with its verdict.
    """

    def __init__(self) -> None:
        self._actions: dict[str, ActionMemory] = {}
        self._due = set[str]()  # what this gate has set due and has not taken up yet
        self._expected: dict[tuple[str, int], MonitoredEffect] = {}
        self._not_sent = set[str]()
        self._classes: dict[str, RequestClass] = {}

    def note_not_sent(self, action_id: str) -> None:
        """Notes that the frame of an action never left, for all its intent."""
        self._not_sent.add(action_id)

    def was_not_sent(self, action_id: str) -> bool:
        """Whether this gate knows that the frame of an action never left."""
        return action_id in self._not_sent

    def note_class(self, digest: str, found: RequestClass) -> None:
        """Notes the class of a request, by its digest, for which enough people have signed."""
        self._classes.setdefault(digest, found)

    def class_of(self, digest: str) -> RequestClass | None:
        """Returns the class that was noted for a request first, or `None` if none was."""
        return self._classes.get(digest)

    @property
    def expected(self) -> tuple[MonitoredEffect, ...]:
        """Expected effects without a verdict, the oldest first."""
        return tuple(self._expected.values())

    def expect(self, what: MonitoredEffect) -> None:
        """Looks for something from now on."""
        self._expected[what.what.action_id, what.what.number] = what

    def conclude(self, what: MonitoredEffect) -> None:
        """Forgets an expected effect that has its verdict."""
        del self._expected[what.what.action_id, what.what.number]

    def note(self, action_id: str, state: ActionState, at: Instant) -> None:
        """Notes that this gate has brought an action to a state."""
        has_left = state is ActionState.SENDING or self.may_have_left(action_id)
        (self._due.add if state is ActionState.DUE else self._due.discard)(action_id)
        self._actions[action_id] = ActionMemory(state, at, monotonic(), has_left)

    def of(self, action_id: str) -> ActionMemory | None:
        """Returns what this gate has done with an action, or `None` if nothing."""
        return self._actions.get(action_id)

    def state_of(self, action_id: str) -> ActionState | None:
        """Returns the state to which this gate brought an action, or `None` if it did not."""
        entry = self._actions.get(action_id)
        return entry.state if entry else None

    def may_have_left(self, action_id: str) -> bool:
        """Whether this gate has recorded the intent of an action."""
        entry = self._actions.get(action_id)
        return entry is not None and entry.may_have_left

    def find_due(self, found: Collection[str], now: Instant) -> None:
        """Forgets what this gate has set due, could take up, and does not find due any more.

        Another process has ended it. What has waited for too long is kept, since this gate would
        have ended it itself. `now` is a moment before it looked.
        """
        for name in self._due.difference(found):
            self._due.discard(name)
            if not self.was_left(name, now):
                del self._actions[name]

    def was_left(self, action_id: str, now: Instant) -> bool:
        """Whether this gate has set an action due and has not come to take it up in time."""
        entry = self._actions.get(action_id)
        return (
            entry is not None
            and entry.state is ActionState.DUE
            and entry.at.boot_id == now.boot_id
            and waits_too_long(entry.at.boot_ms, now)
        )

    def seen_since(
        self, action_id: str, readings: Mapping[str, DataValue]
    ) -> Mapping[str, DataValue]:
        """Returns the readings that came after an action was concluded.

        All of them where another gate has concluded it: this one has read nothing before.
        """
        entry = self._actions.get(action_id)
        if entry is None:
            return readings
        return {name: each for name, each in readings.items() if each.received_s > entry.at_s}
