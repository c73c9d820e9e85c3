"""State of a whole site at one moment."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from handwheel.connectors.client.site_reader import by_connection, read_reachable
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import DataValue, Quality
from handwheel.tools.errors import LedgerError, ToolFailed
from handwheel.tools.guardrails.approval.plant_snapshot import PlantSnapshot, read_snapshot
from handwheel.tools.guardrails.interlocks.authority import AuthorityStatus, authority_of
from handwheel.tools.guardrails.ledger.listing import load_listed
from handwheel.tools.guardrails.ledger.runner_lock import live_runner
from handwheel.tools.guardrails.ledger.runs import load_rows, load_runs
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.notices.deliveries import Delivery
from handwheel.tools.requests.timestamps import Instant, instant_now, parse_stamp

from ..notices.deliveries import site_deliveries
from ..runs.run_view import view_run
from .waiting import Waiting, waiting_for_people

RECENT = timedelta(hours=1)
"""How far back requests and runs are counted."""

LOOKED_AT = 20
"""Highest number of tags of a connection that are read besides alarms and the clock."""

_ANSWER_S = 4.0


@dataclass(frozen=True, slots=True)
class ConnectionStatus:
    """State of a connection."""

    name: str
    is_simulated: bool
    reason: str  # why it does not answer; empty if it does
    tags: int  # of the site
    looked_at: int  # tags that were read
    good: int  # tags with good quality among those read


@dataclass(frozen=True, slots=True)
class SiteStatus:
    """State of a site with everything that waits for a person."""

    site: Site
    at: Instant
    gate: PlantSnapshot | None  # `None` if none answers
    agents_pid: int | None
    connections: Sequence[ConnectionStatus]
    plant_time_s: float | None  # of a simulated plant
    authority: Mapping[str, AuthorityStatus]
    alarms: Sequence[Tag]  # that are active
    unknown_alarms: int  # alarms without a good value
    has_alarms: bool  # whether any tag of the site is an alarm
    waiting: Sequence[Waiting]
    requests: Mapping[str, int]  # filed in the last hour, by state
    sent: int  # of these requests, how many were ended early after a write had been sent
    runs: Mapping[str, int]  # opened in the last hour, by state
    deliveries: Sequence[Delivery] = ()  # of notices
    unread_notices: str = ""  # why notices cannot be read


async def read_site_status(site: Site, database: Ledger) -> SiteStatus:
    """Returns the state of a site.

    Raises:
        HandwheelError: The policy, the operators or the ledger cannot be read.

    Effect: OBSERVE. Retry: as for `read_once`. Timeout: 4 s for all connections together; one
    that does not answer is told with its reason.
    """
    readings, connections = await _look(site)
    now = instant_now()
    alarms = [tag for tag in site.tags.values() if tag.is_alarm]
    known = {name for name, each in readings.items() if each.quality is Quality.GOOD}
    listed = load_listed(database, every=True)
    recent = [each for each in listed if now.wall - each.filed.wall <= RECENT]
    clock = readings[site.clock_tag].scalar if site.clock_tag in known else None
    deliveries, unread = _deliveries(site)
    return SiteStatus(
        site=site,
        at=now,
        gate=read_snapshot(database),
        agents_pid=live_runner(database, now),
        connections=connections,
        plant_time_s=float(clock) if isinstance(clock, int | float) else None,
        authority=authority_of(site, database, now),
        alarms=[tag for tag in alarms if tag.name in known and readings[tag.name].scalar is True],
        unknown_alarms=sum(tag.name not in known for tag in alarms),
        has_alarms=bool(alarms),
        waiting=waiting_for_people(site, database, now),
        requests=Counter(str(each.status[0]) for each in recent),
        sent=sum(bool(each.sent) for each in recent),
        runs=_recent_runs(database, now),
        deliveries=deliveries,
        unread_notices=unread,
    )


def _deliveries(site: Site) -> tuple[Sequence[Delivery], str]:
    """Returns the deliveries of notices, and why they cannot be read."""
    try:
        return (site_deliveries(site) if site.notices else ()), ""
    except ToolFailed as error:
        return (), str(error)


async def _look(site: Site) -> tuple[dict[str, DataValue], list[ConnectionStatus]]:
    groups = by_connection(site.measured(site.tags.values()))
    names = list(site.connections)
    found = await asyncio.gather(*(_look_at(site, groups.get(name, [])) for name in names))
    values: dict[str, DataValue] = {}
    connections = list[ConnectionStatus]()
    for name, (readings, reason) in zip(names, found, strict=True):
        good = sum(each.quality is Quality.GOOD for each in readings.values())
        is_simulated = site.connections[name].simulated
        count = len(groups.get(name, []))
        connections.append(ConnectionStatus(name, is_simulated, reason, count, len(readings), good))
        values |= readings
    return values, connections


async def _look_at(site: Site, tags: Sequence[Tag]) -> tuple[dict[str, DataValue], str]:
    """Returns readings of alarms, of the clock and of some other tags, and why there are none."""
    wanted = [tag for tag in tags if tag.is_alarm or tag.name == site.clock_tag]
    wanted += [tag for tag in tags if tag not in wanted][:LOOKED_AT]
    if not wanted:
        return {}, ""
    try:
        async with asyncio.timeout(_ANSWER_S):
            readings, down = await read_reachable(site, wanted)
    except TimeoutError:
        return {}, f"no answer within {_ANSWER_S:g} s"
    return readings, next(iter(down.values()), "")


def _recent_runs(database: Ledger, now: Instant) -> dict[str, int]:
    counts: dict[str, int] = {}
    for entry in reversed(load_runs(database)):
        try:
            rows = load_rows(database, entry.run_id)
            if rows and now.wall - parse_stamp(rows[0].at) > RECENT:
                break
            state = view_run(database, entry, now).run.state.value
        except LedgerError:
            state = "damaged"  # the list of what waits tells why, while it is open
        counts[state] = counts.get(state, 0) + 1
    return counts
