"""A tool for plants with a header."""

from typing import Annotated

from handwheel import Effect, RetrySafety, Site, Unit, tool


@tool(effect=Effect.OBSERVE, retry=RetrySafety.SAFE, timeout_s=5.0)
async def header_margin(
    site: Site, limit: Annotated[float, Unit("kPa")] = 290.0
) -> dict[str, object]:
    """How far the header pressure stands above a limit.

    It is negative below the limit.
    """
    pressure = await site.read("PT-102.pv")
    return {"margin_kPa": float(pressure) - limit, "pressure": pressure}
