"""Conformance kits, which test a twin or a planner of your own in a few lines.

```python
class TestTank(TwinConformance):
    move = Move("LV-1.op", 40.0, 60.0)

    def twin(self) -> Twin:
        return TankTwin()

    def windows(self) -> Windows:
        return steady_windows({"LT-1.pv": 64.0, "LV-1.op": 50.0})


class TestTidy(PlannerConformance):
    def planner(self) -> Planner:
        return TidyPlanner()
```

This package needs pytest, and the kit of planners pytest-asyncio. No other package imports it.
"""

from .planners import CASES, PlannerConformance
from .twins import TwinConformance, steady_windows

__all__ = ["CASES", "PlannerConformance", "TwinConformance", "steady_windows"]
