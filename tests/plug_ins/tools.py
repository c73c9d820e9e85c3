"""Tools of another package: those that work, and others that cost only themselves."""

from typing import Annotated

from handwheel import Effect, RetrySafety, Site, Toolset, Unit, tool

TOOLS = {
    "margin": f"{__name__}:header_margin",
    "set": f"{__name__}:OWN",
    "gone": "no.such.module:tool",
    "odd": f"{__name__}:TOOLS",
    "wrong": f"{__name__}_wrong:actuates",
}
"""What the package registers."""


@tool(effect=Effect.OBSERVE, retry=RetrySafety.SAFE, timeout_s=10.0)
async def header_margin(
    site: Site, limit: Annotated[float, Unit("kPa")] = 290.0
) -> dict[str, object]:
    """How far the header pressure stands above a limit."""
    pressure = await site.read("PT-102.pv")
    return {"margin_kPa": float(pressure) - limit, "pressure": pressure}


@tool(effect=Effect.OBSERVE, retry=RetrySafety.SAFE, timeout_s=10.0)
async def read(site: Site) -> str:
    """Has the name of one that every site has."""
    return site.id


@tool(effect=Effect.OBSERVE, retry=RetrySafety.SAFE, timeout_s=10.0)
async def caller(site: Site) -> dict[str, object]:
    """Tells who calls."""
    return {"name": site.name, "agents": site.has_agents}


OWN = Toolset([read, caller])
