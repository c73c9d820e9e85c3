"""`handwheel demo`: a simulated plant, a gate, and a hand on the standby pump."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from handwheel.connectors.durations import parse_duration

from ..demo_story import STORIES, Story
from ..exits import CONFIGURATION, fail, run
from ..interrupts import uninterrupted_import


def command(
    fault: Annotated[str, typer.Option(metavar="ID", help=f"One of {', '.join(STORIES)}.")] = "F01",
    headless: Annotated[
        bool, typer.Option("--headless", help="Print lines, as in a pipe, and ask nobody.")
    ] = False,
    approve_after: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Approve by script after, such as 3s: unattended."),
    ] = None,
) -> None:
    """Watch a simulated plant and its failing pump, and decide about the standby.

    Plant and gate run as processes of their own, in a temporary site with throw-away people
    that is removed at the end. One person asks for the standby pump; you are the other: read
    the card and type the word, or leave it and see what the interlocks make of it. With
    --headless, or in a pipe, nobody is asked. A minute or two; Ctrl-C ends it.
    """
    story = STORIES.get(fault)
    if story is None:
        fail(f"there is no story for {fault!r}; known: {', '.join(STORIES)}", CONFIGURATION)
    try:
        approve_after_s = None if approve_after is None else parse_duration(approve_after)
    except ValueError as error:
        fail(f"--approve-after: {error}", CONFIGURATION)
    with uninterrupted_import():
        from ..screen import has_screen

    is_live = not headless and has_screen()
    with TemporaryDirectory(prefix="handwheel-demo-") as folder:
        run(_demo(Path(folder), story, approve_after_s, is_live=is_live, asks=not headless))


async def _demo(
    folder: Path, story: Story, approve_after_s: float | None, *, is_live: bool, asks: bool
) -> None:
    from ..demo_stage import demo_stage

    print("starting the plant and the gate…", flush=True)
    async with demo_stage(folder, story, is_attended=approve_after_s is None) as stage:
        await stage.tell(approve_after_s, is_live=is_live, asks=asks)
