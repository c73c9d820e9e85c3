"""The methods find what is known for known values."""

from handwheel.agents.diagnosis.evidence import Measured
from handwheel.agents.testing import steady_windows
from handwheel_example.computed import HYDRAULIC_POWER
from handwheel_example.diagnosis import cake_loss


def test_hydraulic_power_is_that_of_known_values() -> None:
    assert HYDRAULIC_POWER.compute(flow=36.0, header=350.0, loss=50.0) == 4.0
    assert HYDRAULIC_POWER.compute(flow=0.0, header=350.0, loss=50.0) is None


def test_cake_loss_is_that_of_known_values() -> None:
    windows = steady_windows({"PDT-102.pv": 9.0, "FT-102.pv": 25.0})
    inputs = {"loss": "PDT-102.pv", "flow": "FT-102.pv", "clean": 4.0}
    assert cake_loss.measure(windows, inputs) == Measured(14.0, at=25.0)
