"""Tools that tests define and call."""

import asyncio
from enum import Enum
from typing import Annotated, Literal

from handwheel import Effect, RetrySafety, Unit, tool
from handwheel.connectors.errors import NotConnected


class Mode(Enum):
    AUTO = "auto"
    HAND = "hand"


@tool(effect=Effect.OBSERVE, retry=RetrySafety.SAFE, timeout_s=5.0)
async def header_margin(
    site: object,
    limit: Annotated[float, Unit("kPa")] = 290.0,
    mode: Mode = Mode.AUTO,
    priority: Literal[1, 2] = 1,
    counts: list[Annotated[int, Unit("")]] | None = None,
    json: dict[str, str] | None = None,
) -> dict[str, object]:
    """How far the header pressure
    stands above a limit.

    Negative below it.
    """
    return {
        "site": site, "limit_kPa": limit, "mode": mode, "priority": priority, "counts": counts,
        "json": json,
    }  # fmt: skip


class NoJson:
    def to_json(self) -> dict[str, object]:
        raise ValueError("no rows")


How = Literal["late", "ours", "theirs", "exits", "cancels", "nan", "type", "no json", "itself"]


@tool(effect=Effect.OBSERVE, retry=RetrySafety.SAFE, timeout_s=0.01)
async def fails(site: object, how: How) -> object:
    """Fails in one of many ways."""
    match how:
        case "late":
            await asyncio.sleep(60.0)
        case "ours":
            raise NotConnected({"opcua": "connection refused"})
        case "theirs":
            raise ValueError("two\nlines")
        case "exits":
            raise SystemExit("bye")
        case "cancels":
            raise asyncio.CancelledError
        case "no json":
            return [NoJson()]
        case "itself":
            own: list[object] = []
            own += [own, own]
            return own
        case "nan":
            return {"margin_kPa": [float("nan")]}
        case "type":
            return {"site": {site}}
    return None
