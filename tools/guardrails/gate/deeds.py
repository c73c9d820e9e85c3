"""What this gate itself has done, in its memory: the ledger's rows alone let nothing leave.

Whoever shares the ledger's file can write rows. No approval outlives a start of the gate, so for
whatever may leave now, this gate knows by itself what came before it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic

from handwheel.connectors.values import DataValue

from ...requests.stamps import Instant
from ..ledger.transitions import ActionState


@dataclass(frozen=True, slots=True)
class Deed:
    """Where this gate has brought an action.

    Attributes:
        at: When, on people's clocks.
        at_s: The same on the clock of readings, monotonic seconds.
        may_have_left: Whether this gate has recorded its intent.
    """

    state: ActionState
    at: Instant
    at_s: float
    may_have_left: bool


class Deeds:
    """The actions that this gate has brought anywhere, by their ids."""

    def __init__(self) -> None:
        self._deeds: dict[str, Deed] = {}

    def note(self, action_id: str, state: ActionState, at: Instant) -> None:
        """Notes that this gate has brought an action to a state."""
        has_left = state is ActionState.SENDING or self.may_have_left(action_id)
        self._deeds[action_id] = Deed(state, at, monotonic(), has_left)

    def of(self, action_id: str) -> Deed | None:
        """Returns where this gate has brought an action; `None` if nowhere."""
        return self._deeds.get(action_id)

    def state_of(self, action_id: str) -> ActionState | None:
        """Returns the state to which this gate has brought an action; `None` for none."""
        deed = self._deeds.get(action_id)
        return deed.state if deed else None

    def may_have_left(self, action_id: str) -> bool:
        """Whether this gate has recorded the intent of an action."""
        deed = self._deeds.get(action_id)
        return deed is not None and deed.may_have_left

    def seen_since(
        self, action_id: str, readings: Mapping[str, DataValue]
    ) -> Mapping[str, DataValue]:
        """Returns the readings that came after an action was concluded.

        All of them where another gate has concluded it: this one has read nothing before.
        """
        deed = self._deeds.get(action_id)
        if deed is None:
            return readings
        return {name: each for name, each in readings.items() if each.received_s > deed.at_s}
