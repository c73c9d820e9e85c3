"""Decodes published messages, the envelope at once and the changes one by one.

asyncua decodes an answer as a whole, 5 to 10 µs a change, and a server need not keep to the
requested number of changes. So the caller takes them one by one and may pause.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua import ua_binary
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.ua_binary import Primitives, nodeid_from_binary

from ..data_values import data_value

_CHANGES = ObjectIds.DataChangeNotification_Encoding_DefaultBinary
_STATUS = ObjectIds.StatusChangeNotification_Encoding_DefaultBinary


@dataclass(frozen=True, slots=True)
class Notification:
    """One message of a subscription."""

    number: int  # sequence number; of a keep-alive, that of the next message
    changes: tuple[Buffer, ...]  # encoded lists of changes
    ended: ua.StatusCode | None  # status with which the server ends or moves the subscription
    is_keep_alive: bool  # whether it has no content


def published(answer: Buffer) -> tuple[int, Notification]:
    """Returns the subscription and the message of a PublishResponse.

    Source: OPC UA Part 4, 5.14.5, and Part 6, 5.2.2.15 (ExtensionObject).
    """
    _skip_header(answer)
    subscription = Primitives.UInt32.unpack(answer)
    answer.skip(4 * max(Primitives.Int32.unpack(answer), 0))  # available sequence numbers
    answer.skip(1)  # whether more notifications wait, which the next answer brings
    return subscription, _message(answer)


def republished(answer: Buffer) -> Notification:
    """Returns the message of a RepublishResponse."""
    _skip_header(answer)
    return _message(answer)


def changes_of(notification: Notification) -> Iterator[tuple[int, ua.DataValue]]:
    """Yields the client handle and the value of each change, in the server's order."""
    for body in notification.changes:
        for _ in range(Primitives.Int32.unpack(body)):
            handle = Primitives.UInt32.unpack(body)
            yield handle, data_value(body)


def _skip_header(answer: Buffer) -> None:
    nodeid_from_binary(answer)
    ua_binary.struct_from_binary(ua.ResponseHeader, answer).ServiceResult.check()


def _message(data: Buffer) -> Notification:
    number = Primitives.UInt32.unpack(data)
    data.skip(8)  # the server's clock at sending
    count = max(Primitives.Int32.unpack(data), 0)
    changes: list[Buffer] = []
    ended: ua.StatusCode | None = None
    for _ in range(count):
        kind, body = _extension(data)
        if kind == _CHANGES:
            changes.append(body)
        elif kind == _STATUS:
            ended = ua.StatusCode(Primitives.UInt32.unpack(body))
    return Notification(number, tuple(changes), ended, is_keep_alive=count == 0)


def _extension(data: Buffer) -> tuple[object, Buffer]:
    kind = nodeid_from_binary(data)
    if Primitives.Byte.unpack(data) != 1:  # it has no body
        return None, Buffer(b"")
    length = max(Primitives.Int32.unpack(data), 0)
    body = data.copy(length)
    data.skip(length)
    return kind.Identifier, body
