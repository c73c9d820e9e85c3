"""Rows of measurements, each the means of ten seconds."""

from collections.abc import Sequence
from dataclasses import dataclass

from handwheel.agents.diagnosis.windows import BUCKET_S, FINE_S, Windows
from handwheel.sim_plant.tep.tags import ALARMS, VALVES, XMEAS

MEASURED = XMEAS
CLOCK = "AN-1000.time"
ESD = "ESD.active"
_POSITIONS = tuple(f"{name}.pos" for name in VALVES)

TAGS: tuple[str, ...] = (
    *MEASURED,
    *_POSITIONS,
    *(f"{each.tag}.active" for each in ALARMS),
    CLOCK,
    ESD,
)
"""Tags that tell the state of the process."""


@dataclass(frozen=True, slots=True)
class Row:
    """Means of ten seconds."""

    xmeas: Sequence[float]  # XMEAS 1 to 41
    valves: Sequence[float]  # positions of XMV 1 to 12, percent


def rows_of(windows: Windows) -> list[Row]:
    """Returns the rows of the last two hours, oldest first, or as many as there are.

    A value that is missing for a while is the last one before. No row lies before the first good
    value of every tag, and there is none while a tag has no good value now.
    """
    tags = (*MEASURED, *_POSITIONS)
    found = [{round(each.at_s): each.mean for each in windows.buckets(tag, FINE_S)} for tag in tags]
    if not all(found) or any(windows.latest(tag) is None for tag in tags):
        return []
    every_s = round(BUCKET_S)
    begin_s = max(min(each) for each in found)
    end_s = round(windows.now_s // BUCKET_S * BUCKET_S)
    last = [each[min(each)] for each in found]
    rows: list[Row] = []
    for at_s in range(begin_s, end_s, every_s):
        last = [each.get(at_s, before) for each, before in zip(found, last, strict=True)]
        rows.append(Row(last[: len(MEASURED)], last[len(MEASURED) :]))
    return rows
