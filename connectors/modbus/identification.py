"""Identification of a Modbus device by function 43/14, Read Device Identification."""

from ..model.endpoints import ModbusConnection
from ..session.protocols import DeviceIdentity
from .encoder import identity_of
from .transport import DeviceException, ModbusTransport, TransportError

_FUNCTION, _MEI, _BASIC = 0x2B, 0x0E, 0x01
_OBJECTS = 3  # vendor, product code, revision: the basic ones
_HEAD = 7  # function, MEI type, code, conformity, more follows, next object, number of objects
_MORE_FOLLOWS = 0xFF


async def identify(transport: ModbusTransport, config: ModbusConnection) -> DeviceIdentity:
    """Asks for the device's identity.

    Raises:
        TransportError: The connection is lost, or the answer is wrong.

    Effect: OBSERVE. Retry: none. Timeout: the connection's `timeout`, for each request.
    Source: Modbus Application Protocol 1.1b3, 6.21.
    """
    return identity_of(await _name(transport, config.unit), config)


async def _name(transport: ModbusTransport, unit: int) -> str:
    """Returns vendor, product and revision, or an empty text without function 43/14."""
    found: dict[int, bytes] = {}
    first = 0
    for _ in range(_OBJECTS):
        try:
            answer = await transport.exchange(unit, bytes([_FUNCTION, _MEI, _BASIC, first]))
        except DeviceException:
            break
        found |= _objects(answer)
        follows, first = answer[4:6]
        if follows != _MORE_FOLLOWS:
            break
    parts = (found.get(number, b"").strip(b"\0 ") for number in range(_OBJECTS))
    # Escaped, because a device's text is shown on terminals and signed in documents.
    texts = (part.decode("latin-1").encode("unicode_escape").decode() for part in parts if part)
    return " ".join(texts)


def _objects(answer: bytes) -> dict[int, bytes]:
    if len(answer) < _HEAD or answer[1:3] != bytes([_MEI, _BASIC]):
        raise TransportError("the device's identification cannot be decoded")
    found: dict[int, bytes] = {}
    at = _HEAD
    for _ in range(answer[_HEAD - 1]):
        number, size = answer[at : at + 2] if len(answer) >= at + 2 else (0, len(answer))
        found[number] = answer[at + 2 : at + 2 + size]
        at += 2 + size
    if at != len(answer):
        raise TransportError("the device's identification cannot be decoded")
    return found
