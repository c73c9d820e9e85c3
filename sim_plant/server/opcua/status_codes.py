"""OPC UA status codes of qualities."""

from asyncua.ua.status_codes import StatusCodes

from ...model import Quality

QUALITIES: dict[Quality, int] = {
    "bad": StatusCodes.BadSensorFailure,
    "uncertain": StatusCodes.UncertainSensorNotAccurate,
}
