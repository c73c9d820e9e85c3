"""A function that is no tool, in a package that cannot be imported for it."""

from handwheel import Effect, RetrySafety, Site, tool


@tool(effect=Effect.ACTUATE, retry=RetrySafety.NEVER, timeout_s=1.0)
async def actuates(site: Site) -> None:
    """Writes."""
