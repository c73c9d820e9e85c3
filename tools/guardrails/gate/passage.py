"""One action's way through the gate, and what is learned on it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from handwheel.connectors.actuation.door import Door
from handwheel.connectors.reader import ConnectorFor, connector_for
from handwheel.connectors.site import Site
from handwheel.connectors.tags import Tag
from handwheel.connectors.values import DataValue

from ...requests.request import Action
from ...requests.stamps import Instant
from ..across import CrossLimit
from ..ledger.database import Database
from ..ledger.records import RequestRecord
from ..ledger.transitions import ActionState
from ..operators import Roster
from ..policy import Policy
from .lock import GateLock

INTENDED = "SELECT 1 FROM journal WHERE subject = ? AND kind = 'action.intent'"
"""Whether an action's frame was ever about to leave, whatever the tables say by now."""


class OpenDoor(Protocol):
    """Opens the write session of a connection."""

    async def __call__(self, site: Site, connection: str, tags: Sequence[Tag]) -> Door:
        """See `connectors.actuation.door.open_door`."""
        ...


@dataclass(frozen=True, slots=True)
class Post:
    """The gate's post: what it holds for as long as it runs.

    Attributes:
        epoch: Its number; a gate that started later has a higher one.
        clock: Returns the moment on people's clocks.
        people: Reads the operators afresh, for somebody may have been taken off the list.
        connector: Where read-only sessions come from.
    """

    site: Site
    policy: Policy
    across: Sequence[CrossLimit]
    database: Database
    lock: GateLock
    epoch: int
    clock: Callable[[], Instant]
    people: Callable[[], Roster]
    open_door: OpenDoor
    connector: ConnectorFor = connector_for

    @property
    def state(self) -> Path:
        """The site's state folder."""
        return self.site.state


@dataclass(slots=True)
class Passage:
    """One action on its way.

    Attributes:
        record: Its request as it stood when the action was claimed.
        door: Open from the eighth step on.
        readings: The fresh reading of the ninth step.
        read_at: When that was, on people's clocks.
        read_s: The same on the clock of permits, seconds.
    """

    post: Post
    record: RequestRecord
    action: Action
    door: Door | None = None
    readings: Mapping[str, DataValue] = field(default_factory=dict[str, DataValue])
    read_at: Instant | None = None
    read_s: float = 0.0

    @property
    def is_first(self) -> bool:
        """Whether no command of its request was sent before: the approval must be fresh."""
        names = [each.action_id for each in self.record.request.commands]
        if self.action.action_id not in names:
            return False
        before = names[: names.index(self.action.action_id)]
        return all(self.record.record(each).state is ActionState.SKIPPED for each in before)

    @property
    def is_into_a_safe_state(self) -> bool:
        """Whether it goes from wherever the plant is, and takes no single command back."""
        return self.action.kind == "recovery" and self.action.undoes is None

    @property
    def tag(self) -> Tag:
        """The tag that is written; the sixth step makes sure of it."""
        return self.post.site.tags[self.action.tag]

    @property
    def open_door(self) -> Door:
        """The door.

        Raises:
            AssertionError: It is asked for before the eighth step.
        """
        assert self.door is not None
        return self.door


Check = Callable[[Passage], Awaitable[None]]
"""Looks at one thing and raises why the action may not go on."""
