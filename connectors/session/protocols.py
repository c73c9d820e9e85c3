"""Interface of all connectors, which can read and encode but not write.

Every connector opens sessions and reads. Further capabilities are protocols of their own that its
sessions may have: `Browses`, `Describes`, `Subscribes`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from ..model.tags import Tag
from ..model.values import DataValue, Value

NO_WRITE = "the site file has no write: for it, so it is read only"

Sample = tuple[str, DataValue]
"""A tag's name and one reading of it."""


@dataclass(frozen=True, slots=True)
class DeviceIdentity:
    """Identity of the device to be written to."""

    kind: str  # `opcua` or `modbus`
    where: str  # the endpoint of writes, such as `modbus://127.0.0.1:5021/1`
    # the device's own name. On OPC UA its application URI and, where it is not proven, the
    # thumbprint of the certificate that it shows; on Modbus vendor, product and revision (function
    # 43/14). Empty if it has none.
    name: str
    is_loopback: bool  # whether `where` is on this machine
    is_simulator: bool  # whether it names itself as our simulated plant
    # thumbprint of the certificate whose key it has proven, `sha256:…`; `None` on a channel without
    # security
    certificate: str | None = None


@dataclass(frozen=True, slots=True)
class Encoded:
    """One write as bytes for the wire.

    Attributes:
        value: Coerced to the device's type, as it will be read. 0.1 in a Float is 0.10000000149.
        wire: On Modbus the unit and the PDU (FC 5, 6, 16), on OPC UA the binary encoding of
            one WriteValue.
    """

    value: Value
    wire: bytes


class Encoder(Protocol):
    """Encodes writes for a device as it was when asked. It sends none."""

    @property
    def identity(self) -> DeviceIdentity:
        """Identity of the device to be written to."""
        ...

    def encode(self, tag: Tag, value: Value) -> Encoded:
        """Encodes one write.

        Raises:
            ValueError: The value is out of the type's range, not a number or of the wrong kind, or
                this encoder was not made for the tag.
        """
        ...


@dataclass(frozen=True, slots=True)
class Survey:
    """Fresh readings of the plant with encoders, for filing and for the card."""

    readings: Mapping[str, DataValue]  # by tag name
    encoders: Mapping[str, Encoder]  # by connection name


class Session(Protocol):
    """One open session with one device."""

    @property
    def faults(self) -> Mapping[str, str]:
        """Parts that do not work while the rest does, such as `unit 3`, with their reasons.

        As of the last call. It is empty where everything was delivered, even with bad quality. A
        connection with faults is degraded.
        """
        ...

    async def read(self, tags: Sequence[Tag]) -> Mapping[str, DataValue]:
        """Reads any tags of this connection in as few requests as the device allows.

        Returns:
            One value per tag. Bad or uncertain quality is returned, not raised. A tag that the
            device does not know comes back as `BadNodeIdUnknown`.

        Raises:
            NotConnected: The session is lost; it must be closed and a new one opened.

        Effect: OBSERVE. Retry: none. Timeout: the connection's `timeout`, for each request.
        """
        ...

    async def probe(self) -> None:
        """Asks for a sign of life. Any answer counts, also a refusal.

        Raises:
            NotConnected: There was none. The session is lost.

        Effect: OBSERVE. Retry: none. Timeout: the connection's `timeout`.
        """
        ...

    async def encoder(self, tags: Sequence[Tag]) -> Encoder:
        """Asks for the device's identity and types and returns an encoder for these tags.

        Args:
            tags: Writable tags of this connection. `Encoder.encode` refuses one that the device
                does not have or whose type cannot be written.

        Raises:
            NotConnected: The session is lost, or the device is not the configured one.

        Effect: OBSERVE. Retry: none. Timeout: the connection's `timeout`, for each request.
        """
        ...

    async def close(self) -> None:
        """Ends the session within about 1 s, even with a silent device. It raises no error."""
        ...


@dataclass(frozen=True, slots=True)
class Description:
    """A device's description of an item, in the terms of `tags.yaml`."""

    type: str = ""  # the device's name of the type, such as `Float` or `uint32`; empty if unknown
    unit: str = ""  # engineering unit; empty if unknown
    span: tuple[float, float] | None = None  # measuring range
    # names and numbers of an enumeration
    members: Mapping[str, int] = field(default_factory=dict[str, int])
    is_array: bool = False  # whether it has several values
    is_writable: bool = False  # whether the device lets some client write it


@dataclass(frozen=True, slots=True)
class BrowseEntry:
    """One item found while browsing."""

    node: str  # as `tags.yaml` names it, `nsu=URI;s=NAME`; empty if no tag can name it
    name: str  # its browse name without the namespace
    # `object`, `variable`, `method` or another node class, in lower case; `condition` for an object
    # that is an alarm or another condition
    kind: str
    description: Description | None = None  # only of a variable


@runtime_checkable
class Browses(Protocol):
    """A session whose device can be browsed."""

    async def browse(self, node: str = "") -> Sequence[BrowseEntry]:
        """Returns the children of a node, in the device's order.

        Args:
            node: As `tags.yaml` names it; empty for the entry point.

        Raises:
            NotConnected: The session is lost.
            ValueError: There is no such node.

        Effect: OBSERVE. Retry: none. Timeout: the connection's `timeout`, for each request.
        """
        ...


@runtime_checkable
class Describes(Protocol):
    """A session whose device describes its items."""

    async def describe(self, tags: Sequence[Tag]) -> Mapping[str, Description]:
        """Returns the device's description of each tag that it has.

        Raises:
            NotConnected: The session is lost.

        Effect: OBSERVE. Retry: none. Timeout: the connection's `timeout`, for each request.
        """
        ...


class Subscription(Protocol):
    """Changes that a device reports by itself."""

    @property
    def overflows(self) -> int:
        """Number of values lost because a queue overflowed, the device's or ours."""
        ...

    async def changes(self) -> Sequence[Sample]:
        """Waits for the next changes and returns them in the device's order.

        Returns:
            Empty for a sign of life without changes. A value after which others were lost is marked
            by `StatusCode.has_overflow`. A tag that the device refuses comes once, with the reason
            as its status.

        Raises:
            NotConnected: The session is lost, or there was no sign of life in time.
        """
        ...


@runtime_checkable
class Subscribes(Protocol):
    """A session whose device reports changes by itself."""

    async def subscribe(self, groups: Mapping[float, Sequence[Tag]]) -> Subscription:
        """Asks the device to report the value of these tags now and at each change.

        Args:
            groups: Tags by the sampling interval, seconds.

        Raises:
            NotConnected: The session is lost, or the device accepts no subscription.

        Effect: OBSERVE. Retry: none. Timeout: the connection's `timeout`, for each request.
        """
        ...


@runtime_checkable
class Connector(Protocol):
    """Opens sessions with one device and keeps what it has learned about it."""

    @property
    def name(self) -> str:
        """The connection's name in the site file."""
        ...

    @property
    def where(self) -> str:
        """The endpoint, for display."""
        ...

    @property
    def scan_s(self) -> float:
        """Scan interval of tags that have none of their own, seconds."""
        ...

    @property
    def has_cyclic_stamps(self) -> bool:
        """Whether the device renews every source time in its cycle, changed or not.

        Only then do its readings have a server time, and an age by it.
        """
        ...

    @property
    def is_subscribed(self) -> bool:
        """Whether the device is to report changes. Its sessions are then `Subscribes`."""
        ...

    async def open(self) -> Session:
        """Opens a session with a client object of its own.

        Raises:
            NotConnected: The device cannot be reached or refuses the session.

        Effect: OBSERVE. Retry: none, the supervisor does it. Timeout: the connection's
        `timeout` for each step; giving up may take 1 s more, in which the session is closed.
        """
        ...


@runtime_checkable
class OpensToWrite(Protocol):
    """A connector that can log in with the account, or at the port, for writes."""

    async def open_to_write(self) -> Session:
        """Opens a session there that can only read and encode.

        Raises:
            NotConnected: The site file has no `write`, or as `Connector.open`.

        Effect: OBSERVE. Retry: none. Timeout: as of `Connector.open`.
        """
        ...
