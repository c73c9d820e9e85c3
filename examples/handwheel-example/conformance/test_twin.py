"""The twin keeps the rules that all twins keep."""

from handwheel import Move, Twin, Windows
from handwheel.agents.testing import TwinConformance, steady_windows
from handwheel_example.twin import SkidTwin


class TestSkid(TwinConformance):
    move = Move("PIC-102.sp", 360.0, 60.0)

    def twin(self) -> Twin:
        return SkidTwin()

    def windows(self) -> Windows:
        shown = {"PT-102.pv": 350.0, "FT-102.pv": 50.0, "PDT-102.pv": 20.0}
        return steady_windows({**shown, "PIC-102.sp": 350.0, "F-102.wash": 0.0})
