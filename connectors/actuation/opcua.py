"""Writes to an OPC UA server in one WriteRequest with one WriteValue."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self, cast

from asyncua import ua
from asyncua.client.client import Client
from asyncua.client.ua_client import UASocketProtocol, UASocketState
from asyncua.common.utils import Buffer
from asyncua.ua import ua_binary
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors import UaError, UaStatusCodeError

from ..errors import NotConnected, os_reason
from ..model.endpoints import OpcuaConnection
from ..model.tags import Tag
from ..model.values import DataValue
from ..opcua.connector import OpcuaConnector, OpcuaSession
from ..opcua.encoder import OpcuaEncoder
from ..session.protocols import NO_WRITE
from ..session.sockets import drop
from .device_writer import OutcomeUnknown, Refusal

_ONE_ITEM = b"\x01\x00\x00\x00"  # length of the array NodesToWrite
_INFORMATION = 0xFFFF  # the lower half of a status code does not tell the outcome

# The server checked the item and did not write it. Any other code may follow a write: the device
# does not answer its server (BadTimeout, BadNoCommunication, BadDeviceFailure), or the value was
# clamped or is still under way.
_REFUSALS = frozenset(
    {
        StatusCodes.BadAttributeIdInvalid,
        StatusCodes.BadDataEncodingInvalid,
        StatusCodes.BadDataEncodingUnsupported,
        StatusCodes.BadIndexRangeInvalid,
        StatusCodes.BadIndexRangeNoData,
        StatusCodes.BadInvalidState,
        StatusCodes.BadLocked,
        StatusCodes.BadNodeIdInvalid,
        StatusCodes.BadNodeIdUnknown,
        StatusCodes.BadNotSupported,
        StatusCodes.BadNotWritable,
        StatusCodes.BadOutOfRange,
        StatusCodes.BadSecurityModeInsufficient,
        StatusCodes.BadTypeMismatch,
        StatusCodes.BadUserAccessDenied,
        StatusCodes.BadWriteNotSupported,
    }
)
# The service was refused as a whole, before any item was checked.
_FAULTS = frozenset(
    {
        StatusCodes.BadNothingToDo,
        StatusCodes.BadRequestHeaderInvalid,
        StatusCodes.BadServiceUnsupported,
        StatusCodes.BadSessionClosed,
        StatusCodes.BadSessionIdInvalid,
        StatusCodes.BadSessionNotActivated,
        StatusCodes.BadTooManyOperations,
        StatusCodes.BadUserAccessDenied,
    }
)


class OpcuaWriter:
    """One session of the account that may write. See `DeviceWriter`.

    asyncua's reconnection is off and never called. A lost session stays lost.

    Source: OPC UA Part 4, 5.11.4 (Write), 7.38 (status codes).
    """

    def __init__(self, session: OpcuaSession, client: Client, timeout_s: float) -> None:
        self._session = session
        self._client = client
        self._timeout_s = timeout_s

    @classmethod
    async def open(cls, name: str, config: OpcuaConnection, root: Path) -> Self:
        """Logs in as the account that may write. The secret's path begins at the site's `root`.

        Raises:
            NotConnected: There is no such account, or the server cannot be reached or refuses it.
        """
        if config.write is None:
            raise NotConnected({name: NO_WRITE})
        connector = OpcuaConnector(name, config, root)
        client = connector.client(config.write)
        return cls(await connector.open_with(client), client, config.timeout)

    async def encoder(self, tags: Sequence[Tag]) -> OpcuaEncoder:
        """Asks for the server's identity and its nodes' types. See `Session.encoder`."""
        return await self._session.encoder(tags)

    async def read(self, tags: Sequence[Tag]) -> Mapping[str, DataValue]:
        """Reads over the write session. See `Session.read`."""
        return await self._session.read(tags)

    async def transmit(self, wire: bytes) -> bytes:
        """Sends the WriteValue in one WriteRequest. See `DeviceWriter.transmit`."""
        request = ua.WriteRequest()
        request.Parameters.NodesToWrite = [_item(wire)]
        if not ua_binary.struct_to_binary(request).endswith(_ONE_ITEM + wire):
            raise Refusal("the library would send other bytes than approved", was_sent=False)
        protocol = self._client.uaclient.protocol
        if protocol is None or protocol.state is not UASocketState.OPEN:
            raise Refusal("the connection was lost before", was_sent=False)
        try:
            answer = await self._answer(protocol, request)
            return _result(answer, cast(int, request.RequestHeader.RequestHandle))
        except OutcomeUnknown:
            self._abort()
            raise

    def judge(self, wire: bytes, answer: bytes) -> None:
        """Judges the item's status code. See `DeviceWriter.judge`."""
        code = int.from_bytes(answer, "little")
        if code == StatusCodes.Good:
            return
        if code & ~_INFORMATION in _REFUSALS:
            raise Refusal(_name(code), was_sent=True)
        self._abort()
        raise OutcomeUnknown(_name(code))

    def _abort(self) -> None:
        """Ends the connection at once, so that no frame on it arrives later."""
        protocol = self._client.uaclient.protocol
        if protocol is not None and protocol.transport is not None:
            drop(protocol.transport)

    async def _answer(self, protocol: UASocketProtocol, request: ua.WriteRequest) -> Buffer:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await protocol.send_request(request, self._timeout_s)
        except UaStatusCodeError as fault:
            name = _name(fault.code)
            # asyncua also passes an error of the channel to every waiting request. Only then has
            # it closed the socket.
            is_answer = protocol.transport is not None and not protocol.transport.is_closing()
            if is_answer and fault.code in _FAULTS:
                raise Refusal(name, was_sent=True) from None
            raise OutcomeUnknown(name) from None
        except TimeoutError:
            raise OutcomeUnknown(f"no answer within {self._timeout_s:g} s") from None
        except OSError as error:
            raise OutcomeUnknown(os_reason(error)) from None
        except UaError as error:
            raise OutcomeUnknown(str(error) or type(error).__name__) from None
        except asyncio.CancelledError:
            raise OutcomeUnknown("cancelled before the answer came") from None

    async def close(self) -> None:
        """Closes session, channel and socket. It raises no error."""
        await self._session.close()


def _item(wire: bytes) -> ua.WriteValue:
    """Returns the WriteValue of these bytes, which has a value and no status."""
    item = ua_binary.struct_from_binary(ua.WriteValue, Buffer(wire))
    # asyncua adds the missing status as Good, and would send it.
    item.Value = ua.DataValue(cast(ua.DataValue, item.Value).Value, StatusCode=None)
    return item


def _result(answer: Buffer, handle: int) -> bytes:
    """Returns the item's status code, if the answer is to this request."""
    try:
        response = ua_binary.struct_from_binary(ua.WriteResponse, answer)
    except (UaError, ValueError, TypeError, LookupError):
        raise OutcomeUnknown("the answer cannot be decoded") from None
    kind = cast(ua.NodeId, response.TypeId).Identifier
    header = cast(ua.ResponseHeader, response.ResponseHeader)
    if kind != ObjectIds.WriteResponse_Encoding_DefaultBinary or header.RequestHandle != handle:
        raise OutcomeUnknown("the answer is not to this request")
    service = cast(ua.StatusCode, header.ServiceResult).value
    if service != StatusCodes.Good:
        raise OutcomeUnknown(f"{_name(service)} in an answer that is no fault")
    results = cast(list[ua.StatusCode] | None, response.Results) or []
    if len(results) != 1:
        raise OutcomeUnknown(f"{len(results)} results for one item")
    return results[0].value.to_bytes(4, "little")


def _name(code: int) -> str:
    return ua.StatusCode(ua.UInt32(code & ~_INFORMATION)).name
