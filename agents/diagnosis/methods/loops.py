"""Control loops, by their set point, value and output."""

from itertools import pairwise

from ..diagnoser import ANY_UNIT, Inputs, diagnoser
from ..evidence import Measured
from ..windows import Windows
from .steadiness import block_means

_SATURATED_S = 600.0
_STEP_S = 7200.0
_COURSE_S = 3600.0
_BLOCK_S = 30.0
_LEAST_BLOCKS = 72  # of the 120 in the course
_LEAST_MOVES = 10


@diagnoser(
    needs={"output": "%", "limit": "%"},
    unit="%",
    window_s=_SATURATED_S,
    source="a loop at its limit controls nothing, Choudhury, Shah and Thornhill 2008, chapter 2",
)
def loop_room(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns how far the output of a loop is from its limit, 0 if it is saturated.

    Args:
        inputs: `output` and its `limit`.
    """
    output = windows.mean(inputs["output"], _SATURATED_S)
    return None if output is None else Measured(abs(inputs["limit"] - output))


@diagnoser(
    needs={"signal": ANY_UNIT},
    window_s=_STEP_S,
    source="own",
)
def changed(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns by how much a signal differs from the past two hours at most, with its sign.

    Args:
        inputs: `signal`.
    """
    found = windows.bucket_lists(inputs["signal"], _STEP_S).mean
    now = windows.latest(inputs["signal"])
    if now is None or not found:
        return None
    return Measured(max([now - each for each in found], key=abs))


@diagnoser(
    needs={"value": ANY_UNIT},
    window_s=_COURSE_S,
    source="autocorrelation, Thornhill, Huang and Zhang, J. Process Control 13 (2003) 91; own",
)
def loop_oscillation(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns how regularly a value swings, 0 for noise and 1 for a swing that never decays.

    It is the correlation of the value with itself one period before. Periods of two to thirty
    minutes are seen.

    Args:
        inputs: `value`.
    """
    means = block_means(windows, inputs["value"], _COURSE_S, _BLOCK_S)
    if len(means) < _LEAST_BLOCKS:
        return None
    mean = sum(means) / len(means)
    rest = [each - mean for each in means]
    square = sum([each * each for each in rest]) / len(rest)
    if square <= 0.0:
        return Measured(0.0)
    correlation = [
        sum([a * b for a, b in zip(rest, rest[lag:], strict=False)]) / (len(rest) - lag) / square
        for lag in range(len(rest) // 2)
    ]
    return Measured(min(max(_first_return(correlation), 0.0), 1.0))


def _first_return(correlation: list[float]) -> float:
    """Returns the first maximum of an autocorrelation after it has been negative, 0 for none."""
    was_negative = False
    for n in range(1, len(correlation) - 1):
        before, here, after = correlation[n - 1 : n + 2]
        was_negative = was_negative or here < 0.0
        if was_negative and here > 0.0 and here >= before and here > after:
            return here
    return 0.0


@diagnoser(
    needs={"value": ANY_UNIT, "output": "%", "least": ANY_UNIT, "gain": ""},
    window_s=_COURSE_S,
    source="idle index, Hägglund, Control Engineering Practice 7 (1999) 1505",
)
def loop_sluggishness(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns how long output and value go the same way, from -1 to 1 for a sluggish loop.

    `None` while the value moves less than `least` in 30 s, which is most of the time.

    Args:
        inputs: `value`, `output`, `least`, the smallest movement of the value in 30 s that counts,
            and `gain`, 1 where the value rises with the output and -1 where it falls.
    """
    values, outputs = (
        block_means(windows, inputs[each], _COURSE_S, _BLOCK_S) for each in ("value", "output")
    )
    if len(values) < _LEAST_BLOCKS or len(values) != len(outputs):
        return None
    moves = [
        (after - before) * (output_after - output_before) * inputs["gain"]
        for (before, after), (output_before, output_after) in zip(
            pairwise(values), pairwise(outputs), strict=True
        )
        if abs(after - before) >= inputs["least"] and output_after != output_before
    ]
    if len(moves) < _LEAST_MOVES:
        return None
    same = sum(each > 0.0 for each in moves)
    return Measured((2 * same - len(moves)) / len(moves))
