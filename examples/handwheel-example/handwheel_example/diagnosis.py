"""A method of diagnosis for filters."""

from collections.abc import Mapping
from typing import Any

from handwheel import Windows, diagnoser
from handwheel.agents.diagnosis.evidence import Measured


@diagnoser(
    needs={"loss": "kPa", "flow": "m3/h", "clean": "kPa"},
    unit="kPa",
    window_s=300.0,
    source="own: a cake of laminar flow, Darcy's law",
)
def cake_loss(windows: Windows, inputs: Mapping[str, Any]) -> Measured | None:
    """Returns the pressure that the cake of a filter takes at the full flow of 50 m3/h."""
    loss = windows.mean(inputs["loss"], 60.0)
    flow = windows.mean(inputs["flow"], 60.0)
    if loss is None or flow is None or flow < 10.0:
        return None
    return Measured(loss * 50.0 / flow - inputs["clean"], at=flow)
