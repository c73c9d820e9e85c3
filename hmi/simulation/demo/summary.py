"""Summary at the end of the demo."""

import textwrap
from collections.abc import Iterator

from rich.console import Console

from .frame_comparison import prove
from .processes import DemoSystem
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
    system: DemoSystem, timeline: Timeline, runs: RunFollower, console: Console
) -> bool:
    """Prints timeline, frame comparison and conclusion.

    Returns whether every frame was approved, and nothing is wrong with the journal.
    """
    print("\nTimeline, in plant time:")
    for entry in timeline.entries:
        subject = f"{entry.subject:15} " if entry.subject in DEMO_TAGS else ""
        line = f"  {clock_text(entry.time_s)}  {subject}{entry.text}"
        print(line if len(line) <= _WIDTH else f"{line[: _WIDTH - 1].rstrip()}…")
    proof = prove(system.site, system.frame_log)
    print()
    for line in proof.lines:
        print(line)
    shown = runs.find(system.scenario.shown)
    conclusion = system.scenario.conclusion(timeline, shown.run.state if shown else None)
    width = console.width - 1
    is_wrapped = console.is_terminal
    if is_wrapped:
        conclusion = textwrap.fill(conclusion, width, break_on_hyphens=False)
    print(f"\n{conclusion}")
    return proof.is_sound
