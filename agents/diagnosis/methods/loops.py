"""Control loops, by their set point, value and output."""

from ..diagnoser import ANY_UNIT, Inputs, diagnoser
from ..evidence import Measured
from ..windows import Windows

_SATURATED_S = 600.0
_STEP_S = 7200.0


@diagnoser(
    needs={"output": "%", "limit": "%"},
    unit="%",
    window_s=_SATURATED_S,
    source="a loop at its limit controls nothing, Choudhury, Shah and Thornhill 2008, chapter 2",
)
def loop_room(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns how far the output of a loop is from its limit, 0 if it is saturated.

    Args:
        windows: Of the output.
        inputs: `output` and its `limit`.
    """
    output = windows.mean(inputs["output"], _SATURATED_S)
    return None if output is None else Measured(abs(inputs["limit"] - output))


@diagnoser(
    needs={"signal": ANY_UNIT},
    unit="",
    window_s=_STEP_S,
    source="own",
)
def changed(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns by how much a signal differs from the past two hours at most, with its sign.

    Args:
        windows: Of the signal.
        inputs: `signal`.
    """
    found = windows.buckets(inputs["signal"], _STEP_S)
    now = windows.latest(inputs["signal"])
    if now is None or not found:
        return None
    return Measured(max((now - each.mean for each in found), key=abs))
