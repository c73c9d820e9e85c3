"""A filter skid, whose pump holds the pressure of a header through a filter that clogs."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

from handwheel.sim_plant.base import BasePlant, PlantState
from handwheel.sim_plant.model import FaultKind, Node, Number, PlantEquipment, PlantTag, Value

CLEAN = 20.0  # loss of the clean filter at the full flow of 50 m3/h, kPa
PUMP = 450.0  # highest pressure that the pump delivers, kPa


@dataclass(slots=True)
class SkidState(PlantState):
    """State of the skid, pressures in kPa."""

    setpoint: float = 350.0
    header: float = 350.0
    cake: float = CLEAN  # loss of the filter at full flow
    clogging: float = 0.0  # growth of the cake, kPa/min
    washing: bool = False


class FilterSkid(BasePlant[SkidState]):
    """The skid, advanced in steps of one second."""

    model = "skid"
    title = "a pump that holds the pressure of a header through a filter"
    step_s = 1.0
    equipment = (PlantEquipment("P-102", "SKID", "pump"), PlantEquipment("F-102", "SKID", "filter"))
    tags = (
        PlantTag("PT-102.pv", "float", Node("Skid"), "header pressure", "kPa", (0.0, 600.0)),
        PlantTag("FT-102.pv", "float", Node("Skid"), "flow", "m3/h", (0.0, 80.0)),
        PlantTag(
            "PDT-102.pv", "float", Node("Skid"), "loss of F-102", "kPa", (0.0, 200.0),
            equipment="F-102",
        ),
        PlantTag(
            "PIC-102.sp", "float", Node("Skid"), "set point of PT-102", "kPa", (0.0, 600.0),
            write=(250.0, 420.0), equipment="P-102",
        ),
        PlantTag(
            "F-102.wash", "bool", Node("Skid"), "backwash of F-102, which ends by itself",
            write=(0.0, 1.0), equipment="F-102", is_command=True,
        ),
    )  # fmt: skip
    rate = Number(10.0, 0.0, 100.0, "of its loss at full flow, kPa/min")
    faults: Mapping[str, FaultKind] = {
        "CLOG": FaultKind("CLOG", "F-102 clogs", "its loss grows", "wash it", {"rate": rate})
    }

    @property
    def flow(self) -> float:
        return 50.0 * sqrt(self.state.header / 350.0)

    @property
    def loss(self) -> float:
        return self.state.cake * self.flow / 50.0

    def initial(self, mode: str) -> SkidState:
        return SkidState()

    def advance(self) -> None:
        s = self.state
        s.cake += (CLEAN - s.cake if s.washing else s.clogging) / 60.0
        s.washing = s.washing and s.cake > CLEAN + 1.0
        s.header += (min(s.setpoint, PUMP - self.loss) - s.header) / 20.0

    def measurements(self) -> dict[str, Value]:
        s = self.state
        shown = {"PT-102.pv": s.header, "FT-102.pv": self.flow, "PDT-102.pv": self.loss}
        return {**shown, "PIC-102.sp": s.setpoint, "F-102.wash": s.washing}

    def apply(self, tag: str, value: Value) -> None:
        if tag == "F-102.wash":
            self.state.washing = bool(value)
        else:
            self.state.setpoint = float(value)

    def set_fault(self, fault: str, parameters: Mapping[str, float | str], severity: float) -> None:
        self.state.clogging = severity * float(parameters["rate"])
