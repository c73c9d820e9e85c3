"""Transmitters, by the noise of their signal."""

from ..diagnoser import ANY_UNIT, Inputs, diagnoser
from ..evidence import Measured
from ..windows import Windows

_NOISE_S = 40.0
_LEAST_SAMPLES = 3  # in a bucket, below which its noise says nothing


@diagnoser(
    needs={"signal": ANY_UNIT, "usual": ANY_UNIT},
    unit="",
    window_s=_NOISE_S,
    source="a frozen signal has lost its noise, a damaged one has more; NAMUR NE 107",
)
def noise_share(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns the noise of a signal as a multiple of its usual one, 0 if it is frozen.

    Args:
        windows: Of the signal.
        inputs: `signal`, and `usual`, the standard deviation of one sample in its unit.
    """
    found = windows.buckets(inputs["signal"], _NOISE_S)
    noise = windows.noise(inputs["signal"], _NOISE_S)
    if noise is None or any(each.size < _LEAST_SAMPLES for each in found):
        return None
    return Measured(noise / inputs["usual"])
