"""Intentions of people at a site, by the agents' socket."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

from handwheel.connectors.model.site import Site
from handwheel.errors import NoAgents
from handwheel.run_link import RunLink
from handwheel.tools.requests.timestamps import parse_stamp
from handwheel.tools.safe_text import printable, quoted

PATH = "/v1/intentions"
_PROGRAM = "handwheel command line"

_FoundT = TypeVar("_FoundT")


def ask_agents(site: Site, so: str, ask: Callable[[RunLink], Awaitable[_FoundT]]) -> _FoundT:
    """Asks the agents of a site, and returns what came of it.

    Args:
        so: What is not possible without agents.

    Raises:
        NoAgents: None run.
        HandwheelError: They refuse it.

    Effect: as the question. Retry and time-out: see `RunLink`.
    """

    async def asked() -> _FoundT:
        try:
            link = await RunLink.open(site.state, _PROGRAM, None, site.processes.agents)
        except NoAgents:
            raise NoAgents(so) from None
        try:
            return await ask(link)
        finally:
            await link.close()

    return asyncio.run(asked())


def planned(site: Site) -> list[Mapping[str, Any]]:
    """Returns the intentions whose time has not come, the next one first. Raises as `ask_agents`.

    Effect: none. Retry and time-out: see `RunLink`.
    """

    async def ask(link: RunLink) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = (await link.get(PATH))["intentions"]
        return found

    return ask_agents(site, "nobody knows what is planned", ask)


def withdraw(site: Site, name: str) -> Mapping[str, Any]:
    """Withdraws an intention, and returns it. Raises as `ask_agents`.

    Effect: none on the plant. Retry and time-out: see `RunLink`.
    """

    async def ask(link: RunLink) -> Mapping[str, Any]:
        found: Mapping[str, Any] = (await link.post(f"{PATH}/{name}/withdraw", {}))["intention"]
        return found

    return ask_agents(site, "nothing was withdrawn", ask)


def planned_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Yields an intention as text, in which nothing but account, time and playbook is checked."""
    at = wall_text(parse_stamp(str(found["at"])))
    what = f"{printable(str(found['playbook']))} for {printable(str(found['equipment']))}"
    by = f"account {printable(str(found['account']))}, {quoted(str(found['text']))}"
    yield f"{found['intention_id']}  {at}  {what}, by {by}"


def wall_text(at: datetime) -> str:
    """Returns a moment by the clock on the wall with its date, and in UTC."""
    here, utc = at.astimezone(), f"{at:%Y-%m-%d %H:%M} UTC"
    return f"{here:%Y-%m-%d %H:%M} ({utc})" if here.utcoffset() else utc
