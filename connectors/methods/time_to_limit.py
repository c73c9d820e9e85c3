"""Method that extrapolates a fouling resistance to its limit."""

from collections.abc import Sequence

from .method import Mean, Method

_DAY_S = 86400.0
_LEAST_D = 1.0  # a shorter trend is noise
_LONGEST_D = 365.0
_LEAST_SLOPE = 1e-7  # m2K/W a day; below it nothing can be told from noise


def days_to_limit(*, fouling: float, limit: float, past: Sequence[Mean]) -> float | None:
    """Returns the days until a fouling resistance reaches its limit, 0 to 365.

    It goes on in a straight line from the present value, with the slope of a least-squares line
    through the hourly means of the last seven days. Fouling that levels off reaches the limit
    later than that, so the estimate is on the safe side.

    Args:
        fouling: Present fouling resistance, m2K/W.
        limit: Limit at which the exchanger must be cleaned, m2K/W.
        past: Hourly means of `fouling`.

    Returns:
        `None` with less than 24 hours of means, or where the resistance does not grow by more
        than 1e-7 m2K/W a day.

    Source: ordinary least squares; fouling that levels off, Kern and Seaton, A theoretical
    analysis of thermal surface fouling, British Chemical Engineering 4 (1959).
    """
    if not past or past[-1].at_s - past[0].at_s < _LEAST_D * _DAY_S:
        return None
    slope = _slope([((each.at_s - past[0].at_s) / _DAY_S, each.value) for each in past])
    if slope <= _LEAST_SLOPE:
        return None
    return min(max((limit - fouling) / slope, 0.0), _LONGEST_D)


def _slope(points: Sequence[tuple[float, float]]) -> float:
    count = len(points)
    mean_x = sum(x for x, _ in points) / count
    mean_y = sum(y for _, y in points) / count
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread


DAYS_TO_LIMIT = Method(
    days_to_limit, unit="d", inputs={"fouling": "m2K/W", "limit": "m2K/W"}, past="fouling"
)
