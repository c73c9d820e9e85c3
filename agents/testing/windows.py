"""Windows of a plant at rest."""

from collections.abc import Mapping

from handwheel.connectors.model.values import GOOD, DataValue

from ..diagnosis.windows import Windows

SCAN_S = 5.0


def steady_windows(values: Mapping[str, float], for_s: float = 3600.0) -> Windows:
    """Returns windows in which these tags have been read good and constant.

    Args:
        values: Value of each tag in its unit. A truth value is 0 or 1.
        for_s: How long, process time, with a scan each 5 s.
    """
    windows = Windows(values)
    readings = {tag: DataValue(each, GOOD, None, None, 0.0) for tag, each in values.items()}
    for n in range(round(for_s / SCAN_S) + 1):
        windows.observe(readings, n * SCAN_S)
    return windows
