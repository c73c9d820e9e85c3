"""Values from a plant, each with quality and time."""

from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import NamedTuple

Value = bool | int | float | str
Array = tuple[Value, ...]
"""Several values of one node, such as a profile of temperatures; read, never written."""

_POSITIONAL = (1e-16, 1e16)  # beyond it the decimal form is mostly zeros


def exact_text(number: float) -> str:
    """Returns the shortest decimal that gives exactly this number again.

    Args:
        number: A 64-bit float, as it is signed, or an integer. A number of 32 bits shows in
            full: 0.1 is `0.10000000149011612`.
    """
    if isinstance(number, int):
        return str(number)
    text = repr(float(number))
    if number == 0.0 or _POSITIONAL[0] <= abs(number) < _POSITIONAL[1]:
        text = format(Decimal(text), "f")
    return text.removesuffix(".0")


class Quality(Enum):
    """The three grades of OPC UA's severity bits."""

    GOOD = "good"
    UNCERTAIN = "uncertain"
    BAD = "bad"


class StatusCode(int):
    """An OPC UA status code, for both protocols. Source: OPC UA Part 4, 7.39; Part 6, annex A."""

    __slots__ = ()

    @property
    def quality(self) -> Quality:
        """Good, uncertain or bad, from the two severity bits."""
        severity = (self >> 30) & 0b11
        return (Quality.GOOD, Quality.UNCERTAIN, Quality.BAD, Quality.BAD)[severity]

    @property
    def has_overflow(self) -> bool:
        """Whether a queue overflowed at this value, and others around it are lost."""
        return int(self) & _OVERFLOW == _OVERFLOW

    @property
    def name(self) -> str:
        """The symbolic name, or the hexadecimal code if it has none."""
        return _NAMES.get(int(self) & 0xFFFF0000, f"0x{int(self):08X}")

    def __repr__(self) -> str:
        return self.name


NOT_GOOD = 0xC0000000  # the severity bits, which are zero in every good status
_OVERFLOW = 0x0480  # information of a data value, and its bit Overflow; Part 4, 7.39.1

GOOD = StatusCode(0x00000000)
UNCERTAIN_LAST_USABLE = StatusCode(0x40900000)
BAD_INTERNAL = StatusCode(0x80020000)
BAD_NO_COMMUNICATION = StatusCode(0x80310000)
BAD_WAITING = StatusCode(0x80320000)
BAD_NODE_UNKNOWN = StatusCode(0x80340000)
BAD_INDEX_INVALID = StatusCode(0x80360000)
BAD_OUT_OF_RANGE = StatusCode(0x803C0000)
BAD_TYPE_MISMATCH = StatusCode(0x80740000)
BAD_CONFIGURATION = StatusCode(0x80890000)
BAD_DEVICE_FAILURE = StatusCode(0x808B0000)
BAD_SENSOR_FAILURE = StatusCode(0x808C0000)
BAD_NO_DATA = StatusCode(0x809B0000)

_NAMES = {
    0x00000000: "Good",
    0x00960000: "GoodLocalOverride",
    0x40000000: "Uncertain",
    0x408F0000: "UncertainNoCommunicationLastUsableValue",
    0x40900000: "UncertainLastUsableValue",
    0x40910000: "UncertainSubstituteValue",
    0x40920000: "UncertainInitialValue",
    0x40930000: "UncertainSensorNotAccurate",
    0x40940000: "UncertainEngineeringUnitsExceeded",
    0x40950000: "UncertainSubNormal",
    0x80000000: "Bad",
    0x80010000: "BadUnexpectedError",
    0x80020000: "BadInternalError",
    0x80050000: "BadCommunicationError",
    0x800A0000: "BadTimeout",
    0x801F0000: "BadUserAccessDenied",
    0x80310000: "BadNoCommunication",
    0x80320000: "BadWaitingForInitialData",
    0x80330000: "BadNodeIdInvalid",
    0x80340000: "BadNodeIdUnknown",
    0x80350000: "BadAttributeIdInvalid",
    0x80360000: "BadIndexRangeInvalid",
    0x80370000: "BadIndexRangeNoData",
    0x803A0000: "BadNotReadable",
    0x803C0000: "BadOutOfRange",
    0x80740000: "BadTypeMismatch",
    0x80890000: "BadConfigurationError",
    0x808A0000: "BadNotConnected",
    0x808B0000: "BadDeviceFailure",
    0x808C0000: "BadSensorFailure",
    0x808D0000: "BadOutOfService",
    0x809B0000: "BadNoData",
    0x80E60000: "BadSecurityModeInsufficient",
}


class DataValue(NamedTuple):
    """One reading of a tag. It is a tuple, since a site has 10,000 of them a second."""

    # in the tag's unit; after a loss the last known one, which the status marks as unusable
    value: Value | Array | None
    status: StatusCode  # its quality and the reason
    source_time: datetime | None  # the device's time of the value, UTC; `None` on Modbus
    # the device's clock at the answer, only where it renews every source time in its cycle
    # (`stamps: cyclic`). Elsewhere an unchanged value keeps an old source time and is not old.
    server_time: datetime | None
    # monotonic time of arrival, seconds. On Modbus, which sends no times, of the request: an upper
    # bound of the age.
    received_s: float

    @property
    def quality(self) -> Quality:
        """Good, uncertain or bad. Only a good value may lead to an action."""
        return self.status.quality

    @property
    def scalar(self) -> Value | None:
        """The value if it is a single one. Arrays are neither judged nor written."""
        return None if isinstance(self.value, tuple) else self.value

    def age_s(self, now_s: float) -> float:
        """Returns the seconds since the device confirmed it, at this monotonic time.

        A device confirms a value by an answer, or by a sign of life of its subscription. Where it
        renews every source time in its cycle, the age begins with that time. It is then taken by
        the device's clock up to the answer, so that a skewed or simulated clock does no harm.
        """
        age = now_s - self.received_s
        if self.source_time is not None and self.server_time is not None:
            age += max((self.server_time - self.source_time).total_seconds(), 0.0)
        return age

    def with_status(self, status: StatusCode) -> "DataValue":
        """Returns the same reading with another status."""
        value, _, source_time, server_time, received_s = self
        return DataValue(value, status, source_time, server_time, received_s)

    def with_overflow(self) -> "DataValue":
        """Returns the same reading, marked as next to values that a full queue lost."""
        return self.with_status(StatusCode(self.status | _OVERFLOW))


def never_read(status: StatusCode, now_s: float) -> DataValue:
    """Returns a reading without a value, for a tag of which only a status is known."""
    return DataValue(None, status, None, None, now_s)
