"""Transmitters, by the noise of their signal and its spikes."""

from ..diagnoser import ANY_UNIT, Inputs, diagnoser
from ..evidence import Measured
from ..windows import Windows

_NOISE_S = 40.0
_LEAST_SAMPLES = 3  # in a bucket, below which its noise says nothing
_SPIKES_S = 1800.0
_SPIKE = 8.0  # of the usual noise, above which one sample is a spike
_SAME = 3.0  # of it, within which a signal has come back


@diagnoser(
    needs={"signal": ANY_UNIT, "usual": ANY_UNIT},
    window_s=_NOISE_S,
    source="a frozen signal has lost its noise, a damaged one has more; NAMUR NE 107",
)
def noise_share(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns the noise of a signal as a multiple of its usual one, 0 if it is frozen.

    Args:
        inputs: `signal`, and `usual`, the standard deviation of one sample in its unit.
    """
    sizes = windows.bucket_lists(inputs["signal"], _NOISE_S).size
    noise = windows.noise(inputs["signal"], _NOISE_S)
    if noise is None or any(each < _LEAST_SAMPLES for each in sizes):
        return None
    return Measured(noise / inputs["usual"])


@diagnoser(
    needs={"signal": ANY_UNIT, "usual": ANY_UNIT},
    window_s=_SPIKES_S,
    source="a sample far from those before and after it is no process; NAMUR NE 107; own",
)
def spikes(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns the number of spikes of a signal in half an hour, at most one in 10 s.

    A spike is over 8 times the usual noise away from a signal that is the same before and after.

    Args:
        inputs: `signal`, and `usual`, the standard deviation of one sample in its unit.
    """
    if windows.mean(inputs["signal"], _SPIKES_S) is None:
        return None
    found, usual = windows.buckets(inputs["signal"], _SPIKES_S), inputs["usual"]
    count = 0
    for before, each, after in zip(found, found[1:], found[2:], strict=False):
        is_same = abs(after.mean - before.mean) <= _SAME * usual
        level = (before.mean + after.mean) / 2.0
        count += is_same and max(each.high - level, level - each.low) > _SPIKE * usual
    return Measured(float(count))
