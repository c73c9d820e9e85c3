"""The plant's word on a value's quality, as an OPC UA status code."""

from asyncua.ua.status_codes import StatusCodes

from ...model import Quality

QUALITIES: dict[Quality, int] = {
    "bad": StatusCodes.BadSensorFailure,
    "uncertain": StatusCodes.UncertainSensorNotAccurate,
}
