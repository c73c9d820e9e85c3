"""General faults of transmitters, for the fault list of every plant."""

from collections.abc import Iterable, Mapping, Sequence

from .model import ChoiceParameter, FaultKind, Number
from .sensors import Sensor, SensorState

_SHARE = "share of its samples, 0..1"


def sensor_faults(sensors: Sequence[Sensor]) -> dict[str, FaultKind]:
    """Returns the general faults of transmitters by id, with sizes in % of the range."""
    names = tuple(each.name for each in sensors)
    return {kind.id: kind for kind in _kinds(ChoiceParameter(names[0], names, "the transmitter"))}


def _kinds(which: ChoiceParameter) -> Iterable[FaultKind]:
    balance, look = "it does not fit the others", "do not act on it; calibrate"
    yield FaultKind(
        "SENSOR-BIAS", "transmitter reads off", balance, look,
        {"sensor": which, "bias": Number(5.0, -100.0, 100.0, "error, % of the range")},
    )  # fmt: skip
    yield FaultKind(
        "SENSOR-GAIN", "transmitter with a wrong gain", balance, look,
        {"sensor": which, "gain": Number(1.1, 0.0, 10.0, "factor on the true value")},
    )  # fmt: skip
    yield FaultKind(
        "SENSOR-DRIFT", "transmitter drifts", "it departs slowly from the others", look,
        {"sensor": which, "rate": Number(1.0, -1e4, 1e4, "drift, % of the range per hour")},
    )  # fmt: skip
    yield FaultKind(
        "SENSOR-FREEZE", "transmitter frozen", "no noise, good quality",
        "do not act on it; replace it", {"sensor": which},
    )  # fmt: skip
    yield FaultKind(
        "SENSOR-DROPOUT", "transmitter loses samples", "bad quality now and then",
        "ride over; work order", {"sensor": which, "lost": Number(0.2, 0.0, 1.0, _SHARE)},
    )  # fmt: skip
    yield FaultKind(
        "SENSOR-SPIKES", "transmitter with spikes", "single samples far off",
        "ride over; work order",
        {
            "sensor": which, "share": Number(0.02, 0.0, 1.0, _SHARE),
            "size": Number(20.0, 0.0, 100.0, "height up or down, % of the range"),
        },
    )  # fmt: skip
    yield FaultKind(
        "SENSOR-BAD", "transmitter broken", "bad quality", "do not act on it; replace it",
        {"sensor": which},
    )  # fmt: skip


def set_sensor_fault(
    sensors: Iterable[Sensor],
    states: Mapping[str, SensorState],
    fault: str,
    parameters: Mapping[str, float | str],
    severity: float,
) -> None:
    """Sets one of `sensor_faults` to a share of its full size, the severity, 0..1.

    Several on one transmitter add up; of one kind the latest counts. A transmitter freezes, or
    breaks, above 0.
    """
    name = str(parameters["sensor"])
    state = states[name]
    span = next(each.span for each in sensors if each.name == name)
    state.is_faulty = True
    match fault:
        case "SENSOR-BIAS":
            state.bias = severity * float(parameters["bias"]) / 100.0 * span
        case "SENSOR-GAIN":
            state.gain = 1.0 + severity * (float(parameters["gain"]) - 1.0)
        case "SENSOR-DRIFT":
            state.drift = severity * float(parameters["rate"]) / 100.0 * span / 3600.0
            if severity == 0.0:
                state.drifted = 0.0
        case "SENSOR-FREEZE":
            state.is_frozen = severity > 0.0
        case "SENSOR-DROPOUT":
            state.dropout = severity * float(parameters["lost"])
        case "SENSOR-SPIKES":
            state.spikes = severity * float(parameters["share"])
            state.spike = float(parameters["size"]) / 100.0 * span
        case "SENSOR-BAD":
            state.is_bad = severity > 0.0
        case _:
            raise KeyError(fault)
