"""Progress messages on standard error."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from handwheel.tools.safe_text import printable

_QUIET_S = 2.0  # shorter work needs no progress message


@asynccontextmanager
async def reporting_progress(doing: Mapping[str, str]) -> AsyncGenerator[None]:
    """Prints every 2 s what is being done, by connection, if it has changed."""
    task = asyncio.create_task(_print_changes(doing))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _print_changes(doing: Mapping[str, str]) -> None:
    printed: dict[str, str] = {}
    while True:
        await asyncio.sleep(_QUIET_S)
        for name, what in doing.items():
            if printed.get(name) != what:
                printed[name] = what
                sys.stderr.write(f"handwheel: {name}: {printable(what)}\n")
        sys.stderr.flush()
