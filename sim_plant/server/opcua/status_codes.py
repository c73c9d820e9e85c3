"""OPC UA status codes."""

from asyncua import ua
from asyncua.ua.status_codes import StatusCodes

from ...model import Quality

QUALITIES: dict[Quality, int] = {
    "bad": StatusCodes.BadSensorFailure,
    "uncertain": StatusCodes.UncertainSensorNotAccurate,
}


def status(code: int) -> ua.StatusCode:
    """Returns a status code in the type that asyncua's annotations ask for."""
    return ua.StatusCode(ua.UInt32(code))
