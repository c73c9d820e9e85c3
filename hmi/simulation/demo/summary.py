"""Summary at the end of the demo."""

import textwrap
from collections.abc import Iterator

from rich.console import Console

from .processes import DemoSystem
from .proof import prove
from .runs import RunFollower
from .timeline import DEMO_TAGS, Timeline, clock_text

_WIDTH = 80
_AFTER_TIME = 9


def folded(line: str) -> Iterator[str]:
    """Yields a line that begins with a time as rows of at most 80 columns."""
    yield from textwrap.wrap(
        line, _WIDTH, subsequent_indent=" " * _AFTER_TIME, break_on_hyphens=False,
        replace_whitespace=False,
    )  # fmt: skip


def print_summary(
    stage: DemoSystem, timeline: Timeline, cases: RunFollower, console: Console, ended: str
) -> bool:
    """Prints the timeline, the frame comparison and the conclusion.

    Args:
        ended: Why it ended before its time; empty if it did not.

    Returns:
        Whether every frame was approved, and nothing is wrong with the journal.
    """
    if ended:
        print(f"\n{ended}")
    print("\nTimeline, in plant time:")
    for entry in timeline.entries:
        what = f"{entry.what:15} " if entry.what in DEMO_TAGS else ""
        line = f"  {clock_text(entry.time_s)}  {what}{entry.text}"
        print(line if len(line) <= _WIDTH else f"{line[: _WIDTH - 1].rstrip()}…")
    proof = prove(stage.site, stage.frame_log)
    print()
    for line in proof.lines:
        print(line)
    case = cases.find(stage.story.playbooks[0])
    moral = stage.story.moral(timeline, case.run.state if case else None)
    width = console.width - 1
    is_wrapped = console.is_terminal
    print(f"\n{textwrap.fill(moral, width, break_on_hyphens=False) if is_wrapped else moral}")
    return proof.is_sound
