"""Progress messages on standard error."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from handwheel.tools.safe_text import printable

_QUIET_S = 2.0  # what is over by then needs no word of progress


@asynccontextmanager
async def reporting_progress(doing: Mapping[str, str]) -> AsyncGenerator[None]:
    """Prints every 2 s what is being done, if it has changed.

    Args:
        doing: By connection; may change meanwhile.
    """
    task = asyncio.create_task(_tell(doing))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _tell(doing: Mapping[str, str]) -> None:
    told: dict[str, str] = {}
    while True:
        await asyncio.sleep(_QUIET_S)
        for name, what in doing.items():
            if told.get(name) != what:
                told[name] = what
                sys.stderr.write(f"handwheel: {name}: {printable(what)}\n")
        sys.stderr.flush()
