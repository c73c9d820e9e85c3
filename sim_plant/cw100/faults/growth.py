"""Growth of a fault of the skid, for up to two profiles of different size."""

from ..state import SkidState


def severity_before(s: SkidState, key: str, size: float) -> float:
    """Returns the severity at which the fault of this full size was set last, 0..1."""
    if size == s.sizes[key]:
        return s.severities[key]
    return s.earlier_severities[key] if size == s.earlier_sizes[key] else 0.0


def is_active(s: SkidState, key: str) -> bool:
    """Returns whether the fault has begun, at any size, and not ended."""
    return s.severities[key] > 0.0


def grown(
    s: SkidState, key: str, severity: float, size: float, present: float, healthy: float = 0.0
) -> float:
    """Returns a variable's value under this severity of its fault, and stores the severity.

    A fault that is set at once, or again, sets the variable. One that grows adds its growth,
    so that a cleaning or calibration meanwhile holds, and ends at its full size. A severity
    of 0 before any other changes nothing.

    Args:
        key: One of `GROWING`. The last two sizes are kept apart; of two profiles with one
            size the later counts.
        size: From healthy to the full size.
    """
    before = severity_before(s, key, size)
    if severity == 0.0:
        return _ended(s, key, size, present, healthy) if before else present
    _remember(s, key, severity, size)
    if severity == before or (before == 0.0 and severity == 1.0):
        return healthy + severity * size
    ends = (healthy, present, healthy + size)
    return _within(present + (severity - before) * size, min(ends), max(ends))


def _remember(s: SkidState, key: str, severity: float, size: float) -> None:
    if size != s.sizes[key]:
        s.earlier_severities[key], s.earlier_sizes[key] = s.severities[key], s.sizes[key]
    s.severities[key], s.sizes[key] = severity, size


def _ended(s: SkidState, key: str, size: float, present: float, healthy: float) -> float:
    s.earlier_severities[key] = 0.0
    if size == s.sizes[key]:
        s.severities[key] = 0.0
        return healthy
    remains = healthy + s.severities[key] * s.sizes[key]  # of the one that was set after it
    return _within(present, min(healthy, remains), max(healthy, remains))


def _within(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)
