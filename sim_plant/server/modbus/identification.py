"""Read Device Identification of the plant, function 43/14."""

from collections.abc import Mapping

from pymodbus.constants import DeviceInformation
from pymodbus.pdu.mei_message import ReadDeviceInformationResponse

FUNCTION, MEI = 0x2B, 0x0E
LENGTH = 4

_VENDOR = b"Handwheel"
_REVISION = b"simulated plant"
_CONFORMITY = 0x81  # basic objects, as a stream and one by one


def is_identification(pdu: bytes) -> bool:
    """Returns whether a request is function 43/14."""
    return pdu[:2] == bytes([FUNCTION, MEI])


def identification(model: str, pdu: bytes) -> ReadDeviceInformationResponse | None:
    """Returns the answer to a well-formed request, `None` for one object that does not exist.

    Raises:
        ValueError: There is no such read code.

    Source: Modbus Application Protocol 1.1b3, 6.21.
    """
    code, first = pdu[2:]
    objects: Mapping[int, bytes] = {0: _VENDOR, 1: model.encode(), 2: _REVISION}
    if code == DeviceInformation.SPECIFIC:
        if first not in objects:
            return None
        wanted = {first: objects[first]}
    elif DeviceInformation.BASIC <= code < DeviceInformation.SPECIFIC:
        start = first if first in objects else 0
        wanted = {number: text for number, text in objects.items() if number >= start}
    else:
        raise ValueError(f"no code {code}")
    answer = ReadDeviceInformationResponse(read_code=code, information=wanted)
    answer.conformity = _CONFORMITY
    return answer
