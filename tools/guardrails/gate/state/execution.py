"""One action's way through the gate, and what is learned on it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from handwheel.connectors.actuation.heartbeat_session import (
    HeartbeatSession,
    open_heartbeat_session,
)
from handwheel.connectors.actuation.write_session import WriteAnswer, WriteSession
from handwheel.connectors.client.site_reader import ConnectorFor, connector_for
from handwheel.connectors.errors import WriteOutcomeUnknown, WriteRefused
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import DataValue
from handwheel.connectors.session.protocols import Session

from ....errors import PermitRefused
from ....requests.request import Action
from ....requests.timestamps import Instant
from ...approval.plant_snapshot import GateLedger
from ...identity.roster import Roster
from ...interlocks.action_order import is_first_command, states_of
from ...interlocks.lockout_files import LockoutFolder
from ...ledger.records import RequestRecord
from ...policy.cross_limits import CrossLimit
from ...policy.policy import Policy
from .memory import GateMemory
from .suspensions import Suspensions
from .write_slot import WriteSlot


class AlreadySo(Exception):
    """The tag reads already what would be written, so nothing is sent."""


class OpenWriteSession(Protocol):
    """Opens the write session of a connection."""

    async def __call__(self, site: Site, connection: str, tags: Sequence[Tag]) -> WriteSession:
        """See `connectors.actuation.write_session.open_write_session`."""
        ...


class OpenHeartbeatSession(Protocol):
    """Opens the write session of a heartbeat."""

    async def __call__(self, site: Site, tag: Tag) -> HeartbeatSession:
        """See `connectors.actuation.heartbeat_session.open_heartbeat_session`."""
        ...


@dataclass(frozen=True, slots=True)
class GateContext:
    """Resources of a running gate."""

    site: Site
    policy: Policy
    across: Sequence[CrossLimit]
    database: GateLedger
    epoch: int  # its number; a gate that started later has a higher one
    clock: Callable[[], Instant]  # returns the time on wall and boot clock
    people: Callable[[], Roster]  # reads the roster afresh, since an operator may have been removed
    open_write_session: OpenWriteSession
    connector: ConnectorFor = connector_for  # where read-only sessions come from
    suspensions: Suspensions = field(default_factory=Suspensions)  # for what nothing is sent now
    write_slot: WriteSlot = field(default_factory=WriteSlot)  # held while a frame is on its way
    open_heartbeat_session: OpenHeartbeatSession = open_heartbeat_session
    memory: GateMemory = field(default_factory=GateMemory)  # actions of this gate process
    lockouts: LockoutFolder = field(init=False)  # their folder when the gate started

    def __post_init__(self) -> None:
        object.__setattr__(self, "lockouts", LockoutFolder(self.site.state))

    @property
    def state(self) -> Path:
        """The site's state folder."""
        return self.site.state


@dataclass(frozen=True, slots=True)
class Intent:
    """Recorded intent of a frame that is about to leave."""

    action_id: str
    wire: str
    seq: int  # its row in the journal


@dataclass(frozen=True, slots=True)
class Readback:
    """Result of reading a tag back after the frame."""

    is_as_sent: bool  # whether the tag read as sent; true where nothing can be read back
    is_read: bool  # whether it could be read at all
    words: str  # finding as text, for the journal


@dataclass(slots=True)
class Execution:
    """One action on its way."""

    context: GateContext
    record: RequestRecord  # its request as it stood when the action was claimed
    action: Action
    decided: int = 0  # the number of the ledger's last decision when it was claimed
    write_session: WriteSession | None = None  # open from the eighth step on
    # Sessions of other connections that the ninth step reads, by name.
    readers: dict[str, Session] = field(default_factory=dict[str, Session])
    # The fresh reading of the ninth step.
    readings: Mapping[str, DataValue] = field(default_factory=dict[str, DataValue])
    read_at: Instant | None = None  # time of the reading on wall and boot clock
    read_s: float = 0.0  # the same on the clock of permits, seconds
    intent: Intent | None = None  # of the eleventh step; nothing leaves without one
    may_have_left: bool = False  # whether the thirteenth step has handed over the frame
    answer: WriteAnswer | None = None  # answer of the device
    refusal: WriteRefused | None = None  # by device or write session: nothing has changed
    doubt: WriteOutcomeUnknown | None = None  # why the outcome of the frame is unknown
    is_echo_equal: bool = False  # whether the answer says that it was done
    readback: Readback | None = None  # of the fifteenth step

    async def close_readers(self) -> None:
        """Closes the sessions of other connections. It raises no error."""
        while self.readers:
            _, session = self.readers.popitem()
            await session.close()

    async def close(self) -> None:
        """Closes every session, within about 1 s each. It raises no error."""
        await self.close_readers()
        session, self.write_session = self.write_session, None
        if session is not None:
            await session.close()

    @property
    def is_first(self) -> bool:
        """Whether no command of its request was sent before, so that the approval must be fresh."""
        states = states_of(self.record)
        return is_first_command(self.record.request, states, self.action.action_id)

    @property
    def is_on_its_way(self) -> bool:
        """Whether its intent is on disk, and the device has not answered its frame yet."""
        is_unanswered = self.answer is None and self.refusal is None and self.doubt is None
        return self.intent is not None and is_unanswered

    @property
    def is_into_a_safe_state(self) -> bool:
        """Whether this is a safe-state write, which is valid from any plant state."""
        return self.action.kind == "recovery" and self.action.undoes is None

    @property
    def tag(self) -> Tag:
        """Tag that is written. Step 6 checks that the site has it."""
        return self.context.site.tags[self.action.tag]

    @property
    def open_write_session(self) -> WriteSession:
        """The write session. Raises `PermitRefused` before the eighth step."""
        if self.write_session is None:
            raise PermitRefused("the way to the device is not open")
        return self.write_session


GateStep = Callable[[Execution], Awaitable[None]]
"""One step of an execution. Up to the twelfth each raises why the action is denied."""
