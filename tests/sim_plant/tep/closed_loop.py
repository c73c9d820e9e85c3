"""Runs of the whole plant for the closed-loop oracles, and the answers to a lost A feed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from handwheel.sim_plant.tep.plant import TennesseeEastman, create

HOUR_S = 3600
FAULT_AT_H = 1.0
PRESSURE, LEVEL, TEMPERATURE = 6, 7, 8  # XMEAS 7, 8, 9, counted from 0
MANUAL = 0

Response = Callable[[TennesseeEastman], None]


@dataclass(slots=True)
class Course:
    """What came of a run: extremes of XMEAS 7 to 9 since its start, and where it ended.

    Attributes:
        stripper: XMEAS 18 and 19 every 10 s from the hour of the fault on.
        tripped_h: Hours after the fault, or `None` where it rode through.
    """

    low: list[float] = field(default_factory=lambda: [1e9] * 3)
    high: list[float] = field(default_factory=lambda: [-1e9] * 3)
    stripper: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    tripped_h: float | None = None
    tripped_by: str = ""
    xmv: list[float] = field(default_factory=list[float])
    alarms: set[str] = field(default_factory=set[str])


def disturbed(seed: int | None, idv: int, until_h: float) -> Course:
    """Runs the base case with a disturbance from 1 h on."""
    return followed(create(seed), idv, until_h, ())


def followed(
    plant: TennesseeEastman, idv: int, until_h: float, answers: Iterable[tuple[float, Response]]
) -> Course:
    """Runs a plant; the disturbance (0 for none) comes at 1 h, each answer at its own hour."""
    course = Course()
    due = {round(at_h * HOUR_S): response for at_h, response in answers}
    low, high = course.low, course.high
    for second in range(round(until_h * HOUR_S)):
        if idv and second == FAULT_AT_H * HOUR_S:
            plant.inject(f"IDV{idv}", {}, 1.0)
        if second in due:
            due[second](plant)
        plant.step()
        for index, value in enumerate(plant.state.readings[PRESSURE : TEMPERATURE + 1]):
            if value < low[index]:
                low[index] = value
            if value > high[index]:
                high[index] = value
        if second >= FAULT_AT_H * HOUR_S and second % 10 == 0:
            course.stripper.append((plant.state.readings[17], plant.state.readings[18]))
        if plant.state.process.trip:
            break
    if verdict := plant.first_trip():
        course.tripped_h, course.tripped_by = verdict[0] / HOUR_S - FAULT_AT_H, verdict[1]
    course.xmv = list(plant.state.process.xmv)
    course.alarms = {event.tag for event in plant.drain_events() if event.kind == "alarm"}
    return course


def produce(plant: TennesseeEastman, production: float) -> None:
    """Moves the production set point in one go: the recordings' ramp is for other days."""
    plant.write("PRODUCTION.rate", 100.0)
    plant.write("PRODUCTION.sp", production)


def ratios(plant: TennesseeEastman, production: float) -> None:
    """Answers as Ricker's paper does: both gas loops off, r1 to 0, r4 to a constant."""
    plant.write("AIC-A.mode", MANUAL)
    plant.write("AIC-AC.mode", MANUAL)
    plant.write("RATIO-1.sp", 0.0)
    plant.write("RATIO-4.sp", 0.0987)
    produce(plant, production)


def feed_moved(plant: TennesseeEastman, production: float) -> None:
    """Gives stream 4 what stream 1 lost, and leaves AIC-AC on."""
    lost = float(plant.measurements()["RATIO-1.sp"])
    had = float(plant.measurements()["RATIO-4.sp"])
    plant.write("AIC-A.mode", MANUAL)
    plant.write("RATIO-1.sp", 0.0)
    plant.write("AIC-AC.mode", MANUAL)
    plant.write("RATIO-4.sp", had + lost)
    plant.write("AIC-AC.mode", 1)
    produce(plant, production)


RESPONSES: dict[str, Callable[[TennesseeEastman, float], None]] = {
    "none": lambda _plant, _production: None,
    "production": produce,
    "ratios": ratios,
    "feed moved": feed_moved,
}
