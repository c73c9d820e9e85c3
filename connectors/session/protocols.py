"""The one interface behind which both protocols stand. It can read and encode, and nothing else.

Every connector opens sessions and reads; what more one can do is a protocol of its own, which
its sessions have or have not: `Browses`, `Describes`, `Subscribes`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from ..model.tags import Tag
from ..model.values import DataValue, Value

NO_WRITE = "the site file has no write: for it, so nobody writes there"

Sample = tuple[str, DataValue]
"""A tag's name and one reading of it."""


@dataclass(frozen=True, slots=True)
class DeviceIdentity:
    """Who would be written to.

    Attributes:
        kind: `opcua` or `modbus`.
        where: The endpoint of writes, such as `modbus://127.0.0.1:5021/1`.
        name: What the device says of itself: on OPC UA its application URI and, where nothing
            proves it, the thumbprint of the certificate that it says it has; on Modbus vendor,
            product and revision (function 43/14). Empty if it says nothing.
        is_loopback: Whether `where` is on this machine.
        is_simulator: Whether it calls itself our simulated plant.
        certificate: Thumbprint of the certificate to which it has proved to have the key,
            `sha256:…`; `None` on a channel without security.
    """

    kind: str
    where: str
    name: str
    is_loopback: bool
    is_simulator: bool
    certificate: str | None = None


@dataclass(frozen=True, slots=True)
class Encoded:
    """One write as it goes over the wire.

    Attributes:
        value: Coerced to the device's type: what will really be there. 0.1 in a Float is
            0.10000000149.
        wire: On Modbus the unit and the PDU (FC 5, 6, 16), on OPC UA the binary encoding of
            one WriteValue.
    """

    value: Value
    wire: bytes


class Encoder(Protocol):
    """Says which bytes would write a value, as the device was when it was asked; sends none."""

    @property
    def identity(self) -> DeviceIdentity:
        """Who would be written to."""
        ...

    def encode(self, tag: Tag, value: Value) -> Encoded:
        """Encodes one write.

        Raises:
            ValueError: Says why not: out of the type's range, not a number, of the wrong
                kind, or a tag that this encoder was not made for.
        """
        ...


@dataclass(frozen=True, slots=True)
class Survey:
    """One fresh look at the plant, for filing and for the picture.

    Attributes:
        readings: By tag name.
        encoders: By connection name.
    """

    readings: Mapping[str, DataValue]
    encoders: Mapping[str, Encoder]


class Session(Protocol):
    """One open session with one device."""

    @property
    def faults(self) -> Mapping[str, str]:
        """What of it does not work while the rest does: part, such as `unit 3`, and reason.

        As of the last call; empty where everything asked for was delivered, be it with bad
        quality. A connection with faults is degraded.
        """
        ...

    async def read(self, tags: Sequence[Tag]) -> Mapping[str, DataValue]:
        """Reads the tags in as few requests as the device allows.

        Args:
            tags: Any number of tags of this connection, in any order.

        Returns:
            One value per tag. Bad or uncertain quality is returned, not raised;
            a tag that the device does not know comes back with `BadNodeIdUnknown`.

        Raises:
            NotConnected: The session is lost; it must be closed and a new one opened.

        Effect: OBSERVE. Retry: none. Timeout: the connection's `timeout`, for each request.
        """
        ...

    async def probe(self) -> None:
        """Asks for a sign of life: any answer of the device will do, a refusal too.

        Raises:
            NotConnected: There was none; the session is lost.

        Effect: OBSERVE. Retry: none. Timeout: the connection's `timeout`.
        """
        ...

    async def encoder(self, tags: Sequence[Tag]) -> Encoder:
        """Asks the device who it is and what it takes, and returns an encoder for these tags.

        Args:
            tags: Writable tags of this connection; one that the device does not have, or
                whose type cannot be written, is refused by `Encoder.encode`.

        Raises:
            NotConnected: The session is lost, or the device is not the one configured.

        Effect: OBSERVE. Retry: none. Timeout: the connection's `timeout`, for each request.
        """
        ...

    async def close(self) -> None:
        """Ends the session within about 1 s, whatever the device does; raises no error."""
        ...


@dataclass(frozen=True, slots=True)
class Description:
    """What a device says of an item, in the words of `tags.yaml`.

    Attributes:
        type: The device's own name of the type, such as `Float` or `uint32`; empty if it does
            not say.
        unit: Engineering unit; empty if it does not say.
        span: Measuring range.
        members: The words of an enumeration and their numbers.
        is_array: Whether it has several values.
    """

    type: str = ""
    unit: str = ""
    span: tuple[float, float] | None = None
    members: Mapping[str, int] = field(default_factory=dict[str, int])
    is_array: bool = False


@dataclass(frozen=True, slots=True)
class BrowseEntry:
    """One thing found while browsing.

    Attributes:
        node: As `tags.yaml` names it, `nsu=URI;s=NAME`; empty for one that no tag can name.
        name: Its browse name, without the namespace.
        kind: `object`, `variable`, `method` or another class of node, in lower case.
        description: Of a variable.
    """

    node: str
    name: str
    kind: str
    description: Description | None = None


@runtime_checkable
class Browses(Protocol):
    """A session whose device can be asked what it has."""

    async def browse(self, node: str = "") -> Sequence[BrowseEntry]:
        """Returns what stands below a node, in the device's order.

        Args:
            node: As `tags.yaml` names it; empty for where a user would begin.

        Raises:
            NotConnected: The session is lost.
            ValueError: There is no such node; says so.

        Effect: OBSERVE. Retry: none. Timeout: the connection's `timeout`, for each request.
        """
        ...


@runtime_checkable
class Describes(Protocol):
    """A session whose device says what its items are."""

    async def describe(self, tags: Sequence[Tag]) -> Mapping[str, Description]:
        """Returns what the device says of each tag; one that it does not have is left out.

        Raises:
            NotConnected: The session is lost.

        Effect: OBSERVE. Retry: none. Timeout: the connection's `timeout`, for each request.
        """
        ...


class Subscription(Protocol):
    """Changes that a device tells by itself."""

    @property
    def overflows(self) -> int:
        """How often values were lost because a queue ran over, the device's or ours."""
        ...

    async def changes(self) -> Sequence[Sample]:
        """Waits for the next changes, in the order in which the device told them.

        Returns:
            Empty for a sign of life: nothing has changed. A value after which others were lost
            says so by `StatusCode.has_overflow`. A tag that the device refuses comes once, with
            the reason as its status.

        Raises:
            NotConnected: The session is lost, or there was no sign of life in time.
        """
        ...


@runtime_checkable
class Subscribes(Protocol):
    """A session whose device tells changes by itself."""

    async def subscribe(self, groups: Mapping[float, Sequence[Tag]]) -> Subscription:
        """Asks the device to tell each change of these tags, and its present value first.

        Args:
            groups: Tags by the interval in which the device is to sample them, seconds.

        Raises:
            NotConnected: The session is lost, or it subscribes to nothing.

        Effect: OBSERVE. Retry: none. Timeout: the connection's `timeout`, for each request.
        """
        ...


class Connector(Protocol):
    """Opens sessions with one device. What it learned about the device outlives a session."""

    @property
    def name(self) -> str:
        """The connection's name in the site file."""
        ...

    @property
    def where(self) -> str:
        """The endpoint for people."""
        ...

    @property
    def scan_s(self) -> float:
        """Seconds between two scans of a tag that has no interval of its own."""
        ...

    @property
    def has_cyclic_stamps(self) -> bool:
        """Whether the device samples every value anew in its cycle, changed or not."""
        ...

    @property
    def is_subscribed(self) -> bool:
        """Whether changes are to be told by the device; its sessions are `Subscribes` then."""
        ...

    async def open(self) -> Session:
        """Opens a session with a client object of its own.

        Raises:
            NotConnected: The device cannot be reached or refuses the session.

        Effect: OBSERVE. Retry: none, the supervisor does it. Timeout: the connection's
        `timeout` for each step; giving up may take 1 s more, in which the session is closed.
        """
        ...
