"""The gate's life: one per site, looking ten times a second, acting on one action at a time."""

import asyncio
import logging
import os
import sqlite3
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from time import monotonic
from typing import Any

from handwheel.connectors.actuation.door import check_accounts, open_door
from handwheel.connectors.reader import SiteReader
from handwheel.connectors.site import Site
from handwheel.connectors.values import DataValue

from ...conditions.condition import parse_condition
from ...conditions.errors import ConditionError
from ...errors import LedgerError
from ...requests.stamps import CLOCK_STEP_S, Instant, instant_now
from ..across import cross_limits, cross_tags
from ..administrators import locked_out
from ..ledger.database import Database, LostRace
from ..ledger.lifecycle import invalidate, sweep
from ..ledger.records import (
    RequestDamaged,
    RequestRecord,
    load_exactly,
    load_unfinished,
)
from ..ledger.stops import SITE, latch, locked_scopes
from ..lockouts import make_lockout_folder, seen_lockouts
from ..operators import load_roster
from ..picture import make_picture, write_picture
from ..policy import load_policy
from ..printable import printable
from .carry_out import carry_out
from .lock import GateLock
from .passage import Passage, Post
from .recovery import recover, recover_in_flight
from .troubles import Troubles

_POLL_S = 0.1
_PICTURE_S = 1.0
_EAGER_S = 2.0
_AFTER_FAULT_S = 1.0
_WATCHING, _ACTING = "watching", "acting"

_logger = logging.getLogger(__name__)


@asynccontextmanager
async def take_post(
    site: Site, clock: Callable[[], Instant] = instant_now
) -> AsyncGenerator["Gate"]:
    """Takes the site's gate: its lock, its ledger, and what an earlier gate left behind.

    Raises:
        ConfigError: The policy or the operators are wrong.
        GuardrailError: Another gate is running.
        LedgerError: The ledger cannot be used, or is not the one that was anchored.
        NotConnected: The password of an account to write with cannot be had.
    """
    policy = load_policy(site)
    across = cross_limits(site, policy)
    load_roster(site)
    check_accounts(site)
    try:
        make_lockout_folder(site.state)
    except OSError as error:
        raise LedgerError(f"{site.state}: {error.strerror}") from None
    with GateLock(site.state) as lock, Database(site.state, site.id) as database:
        epoch = _new_epoch(database, clock())
        post = Post(
            site, policy, across, database, lock, epoch, clock, lambda: load_roster(site), open_door
        )
        await recover(post)
        gate = Gate(post)
        gate.publish()  # else terminals would go by the files of the gate before
        yield gate
        with database.transaction(clock()) as transaction:
            transaction.record("gate.stopped", str(epoch), {"epoch": epoch, "pid": os.getpid()})


def _new_epoch(database: Database, now: Instant) -> int:
    with database.transaction(now) as transaction:
        transaction.change(
            "INSERT INTO gate(pid, boot_id) VALUES (?, ?)", (os.getpid(), now.boot_id)
        )
        epoch: int = transaction.one("SELECT max(epoch) FROM gate")
        transaction.record("gate.started", str(epoch), {"epoch": epoch, "pid": os.getpid()})
    return epoch


class Gate:
    """A gate at its post; `run` until it is cancelled.

    Args:
        post: What it holds.
    """

    def __init__(self, post: Post) -> None:
        self._post = post
        self._reader: SiteReader | None = None
        self._tags: frozenset[str] = frozenset()
        self._offset_s = _offset_s(post.clock())
        self._eager_until_s = float("-inf")
        self._troubles = Troubles()

    @property
    def epoch(self) -> int:
        """Its number among the gates of the site."""
        return self._post.epoch

    async def run(self) -> None:
        """Watches and acts until it is cancelled; an action under way is brought to its end.

        Raises:
            LedgerError: Never: a ledger that cannot be used suspends the gate until it can.

        Effect: ACTUATE, what was approved, once. Retry: none. Timeout: see `carry_out`.
        """
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch(), name="gate watches")
            group.create_task(self._act(), name="gate acts")

    async def _watch(self) -> None:
        async with AsyncExitStack() as stack:
            published_s = float("-inf")
            while True:
                try:
                    self._check_clock()
                    self._latch()
                    sweep(self._post.database, self._post.clock())
                    await self._follow_tags(stack)
                    now_s = monotonic()
                    # Somebody waits for the tags of a request that was filed just now.
                    if now_s < self._eager_until_s or now_s - published_s >= _PICTURE_S:
                        published_s = now_s
                        self.publish()
                    self._troubles.note(_WATCHING, "")
                    self._note_connections()
                except LedgerError as error:
                    await self._suspend(_WATCHING, error)
                await asyncio.sleep(_POLL_S)

    async def _act(self) -> None:
        while True:
            try:
                await recover_in_flight(self._post)
                while passage := self._next():
                    await _to_its_end(carry_out(passage))
                self._troubles.note(_ACTING, "")
            except LostRace:
                pass  # a person was faster, who has taken it back or locked it out
            except LedgerError as error:
                await self._suspend(_ACTING, error)
            await asyncio.sleep(_POLL_S)

    async def _suspend(self, half: str, error: LedgerError) -> None:
        self._troubles.note(half, f"suspended: {error}")
        await asyncio.sleep(_AFTER_FAULT_S)

    def _note_connections(self) -> None:
        for each in self._reader.connections if self._reader else ():
            if each.is_connected or each.reason:
                lost = "" if each.is_connected else each.reason
                self._troubles.note(f"reading {each.name}", lost)

    def _check_clock(self) -> None:
        now = self._post.clock()
        offset_s = _offset_s(now)
        if abs(offset_s - self._offset_s) > CLOCK_STEP_S:
            invalidate(self._post.database, "the wall clock was set", now)
            self._offset_s = offset_s  # only now: a ledger that is busy must not let it pass

    def _latch(self) -> None:
        site, database = self._post.site, self._post.database
        locked = locked_scopes(database)
        for name in sorted(seen_lockouts(site.state)):
            scope = self._scope(name)
            if scope not in locked:
                covered = None if scope == SITE else site.members_of(scope)
                latch(database, scope, covered, self._post.clock())

    def _scope(self, name: str) -> str:
        # What the site does not know was meant for something: all of it stops.
        return name if name in self._post.site.equipment else SITE

    async def _follow_tags(self, stack: AsyncExitStack) -> None:
        wanted = self._wanted()
        if wanted <= self._tags and bool(wanted) == bool(self._tags):
            return
        await stack.aclose()
        self._tags, self._reader = wanted, None
        self._eager_until_s = monotonic() + _EAGER_S
        if wanted:
            tags = self._post.site.find_tags(sorted(wanted))
            self._reader = await stack.enter_async_context(SiteReader(self._post.site, tags))

    def _wanted(self) -> frozenset[str]:
        names = set[str]()
        database = self._post.database
        for record in load_unfinished(database, self._pass_by):
            names |= self._tags_of(record)
        return frozenset(names & self._post.site.tags.keys())

    def _tags_of(self, record: RequestRecord) -> set[str]:
        names = set(record.request.tags)
        for action in record.request.actions:
            if tag := self._post.site.tags.get(action.tag):
                names |= cross_tags(self._post.across, tag)
            for each in action.requires:
                try:
                    names |= set(parse_condition(each.text, self._post.site.tags).tags)
                except ConditionError:
                    continue  # the ninth check refuses it
        return names | self._tags_of_evidence(record)

    def _tags_of_evidence(self, record: RequestRecord) -> set[str]:
        """Returns what the evidence reads that can be judged again now, for the card."""
        names = set[str]()
        for each in record.request.evidence:
            try:
                names |= set(parse_condition(each.text, self._post.site.tags).tags)
            except ConditionError:
                continue  # it looks back in time: the card shows it as it was filed
        return names

    def publish(self) -> None:
        """Puts the picture of this moment where terminals look.

        Raises:
            LedgerError: The disk refuses, or the ledger cannot be read.
        """
        post = self._post
        seen = {self._scope(name) for name in seen_lockouts(post.site.state)}
        locked = frozenset(seen | locked_out(post.site, post.database).keys())
        picture = make_picture(post.epoch, locked, post.site, self._latest(), post.clock())
        write_picture(post.site.state, picture)

    def _latest(self) -> Mapping[str, DataValue]:
        return self._reader.latest() if self._reader else {}

    def _next(self) -> Passage | None:
        if not self._due():
            return None
        sweep(self._post.database, self._post.clock())  # what was due for too long is over
        for action_id, request_id in self._due():
            try:
                record = load_exactly(self._post.database, request_id)
            except RequestDamaged as damage:
                self._pass_by(request_id, str(damage))
                continue
            return Passage(self._post, record, record.action(action_id))
        return None

    def _due(self) -> list[sqlite3.Row]:
        return self._post.database.all(
            "SELECT action_id, request_id FROM action WHERE state = 'DUE' ORDER BY rowid"
        )

    def _pass_by(self, request_id: str, fault: str) -> None:
        self._troubles.note(f"passing by {printable(request_id)}", fault)


def _offset_s(now: Instant) -> float:
    return now.wall.timestamp() - now.boot_ms / 1000.0


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Waits for an action to end, also when the gate is told to: it must not be cut off."""
    task = asyncio.create_task(work, name="gate carries out")
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        try:
            await task
        except LedgerError as error:  # must not take the place of the cancellation
            _logger.error("suspended: %s", error)
        raise
