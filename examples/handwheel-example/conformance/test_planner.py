"""The planner keeps the rules that all planners keep."""

from handwheel import Planner
from handwheel.agents.testing import PlannerConformance
from handwheel_example.planner import LeastRisk


class TestLeastRisk(PlannerConformance):
    def planner(self) -> Planner:
        return LeastRisk()
