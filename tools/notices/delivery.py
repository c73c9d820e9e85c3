"""Delivers notices beside the agents, each until its receiver has taken it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt

from handwheel.connectors.model.notice_spec import NoticeSpec

from ..errors import LedgerError, ToolFailed
from ..maintenance.work_order_database import Notice, WorkOrders
from ..requests.timestamps import Instant, stamp
from .attempt import attempt
from .attempt_database import Attempt, Attempts
from .channel import Channel, DeliveryFailed
from .deliveries import Delivery, deliveries
from .message import message_of

WAITS_S = (10.0, 60.0, 300.0, 900.0, 2400.0)
"""Waits after each failed attempt; after one more, about an hour later, a delivery has failed."""

_POLL_S = 1.0
_MOST = 100  # deliveries of a channel at once


@dataclass(frozen=True)
class DeliveryContext:
    """Site, channels and clock of a delivery."""

    site: str  # its id
    spec: NoticeSpec
    channels: Mapping[str, Channel]
    clock: Callable[[], Instant]
    report: Callable[[str, str], None]  # takes a channel and its problem, empty once it is over
    why_over: Callable[[Notice], str]  # why a notice is not true any more, empty while it is
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class _Over(Exception):
    """A notice is not true any more, so nobody is told."""


class NoticeDelivery:
    """Delivery of a site's notices. A notice may come twice, with the same idempotency key.

    Attempts of a channel follow each other, so that one that hangs holds up only itself.
    """

    def __init__(self, context: DeliveryContext, orders: WorkOrders, attempts: Attempts) -> None:
        self._context, self._orders, self._attempts = context, orders, attempts
        self._seen = 0  # number of the last notice that was read
        self._waiting = list[Delivery]()
        self._turns = {name: asyncio.Lock() for name in context.channels}
        self._tasks = dict[str, list[asyncio.Task[None]]]()

    async def work(self) -> None:
        """Delivers notices until it is cancelled, and reports what cannot be read or kept."""
        try:
            while True:
                try:
                    self.start_new()
                    self._context.report("notices", "")
                except ToolFailed as error:
                    self._context.report("notices", str(error))
                await asyncio.sleep(_POLL_S)
        finally:
            await self._end()

    def start_new(self) -> None:
        """Takes up the notices that are new, as far as there is room in their channels.

        Raises:
            ToolFailed: Notices or attempts cannot be read. The next call takes them up.
        """
        found = self._orders.notices_after(self._seen)
        if found:
            now = self._context.clock().wall
            new = [notice for _, notice in found]
            # Only what was there before this process may have been tried already.
            made = [] if self._seen else self._attempts.all()
            for each in deliveries(new, made, self._context.spec):
                if each.channel and each.state(now) == "waiting":
                    self._waiting.append(each)
            self._seen = found[-1][0]
        left = list[Delivery]()
        for each in self._waiting:
            tasks = self._running(each.channel)
            if len(tasks) < _MOST:
                tasks.append(asyncio.create_task(self._deliver(each), name=each.notice.key))
            else:
                left.append(each)
        self._waiting = left

    async def settle(self) -> None:
        """Waits until every delivery that was started has ended."""
        await asyncio.gather(*(task for tasks in self._tasks.values() for task in tasks))

    def _running(self, channel: str) -> list[asyncio.Task[None]]:
        tasks = self._tasks.get(channel, [])
        for task in tasks:
            if task.done():
                task.result()
        self._tasks[channel] = [task for task in tasks if not task.done()]
        return self._tasks[channel]

    async def _end(self) -> None:
        tasks = [task for tasks in self._tasks.values() for task in tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _deliver(self, delivery: Delivery) -> None:
        """Tries a delivery until it is done or has failed, and keeps every attempt."""
        made = len(delivery.attempts)

        def wait_s(state: RetryCallState) -> float:
            return WAITS_S[min(made + state.attempt_number, len(WAITS_S)) - 1]

        def keep_try(state: RetryCallState) -> None:
            assert state.outcome is not None
            assert state.next_action is not None
            reason = str(state.outcome.exception())
            self._keep_try(delivery, made + state.attempt_number, reason, state.next_action.sleep)

        retrying = AsyncRetrying(
            retry=retry_if_exception_type(DeliveryFailed),
            wait=wait_s,
            stop=stop_after_attempt(max(len(WAITS_S) + 1 - made, 1)),
            sleep=self._context.sleep,
            before_sleep=keep_try,
            reraise=True,
        )
        try:
            answer: str = await retrying(self._attempt, delivery)
        except _Over as over:
            self._keep(delivery, "over", str(over))
            self._tell(delivery, "")
        except DeliveryFailed as error:
            self._keep(delivery, "failed", str(error))
            self._tell(delivery, f"{error}; a notice to {delivery.notice.to} was not delivered")
        else:
            self._keep(delivery, "delivered", answer)
            self._tell(delivery, "")

    async def _attempt(self, delivery: Delivery) -> str:
        name = delivery.channel
        message = message_of(delivery.notice, self._context.site, delivery.address)
        async with self._turns[name]:
            try:
                why_over = self._context.why_over(delivery.notice)
            except LedgerError as error:  # nobody is told what may not be true
                raise DeliveryFailed(str(error)) from None
            if why_over:
                raise _Over(why_over)
            channel, within_s = (
                self._context.channels[name],
                self._context.spec.channels[name].within,
            )
            return await attempt(channel, message, within_s)

    def _keep_try(self, delivery: Delivery, count: int, reason: str, wait_s: float) -> None:
        next_at = self._context.clock().wall + timedelta(seconds=wait_s)
        self._keep(delivery, "tried", reason, stamp(next_at))
        times = f"tried {count} {'time' if count == 1 else 'times'}"
        self._tell(delivery, f"{reason}, {times}, next at {next_at:%H:%M:%S} UTC")

    def _keep(
        self,
        delivery: Delivery,
        outcome: Literal["delivered", "tried", "failed", "over"],
        answer: str,
        next_at: str | None = None,
    ) -> None:
        """Stores an attempt. One that cannot be stored is told; a restart tries it again."""
        key, at = delivery.notice.key, stamp(self._context.clock().wall)
        try:
            self._attempts.add(
                Attempt(
                    notice=key, channel=delivery.channel, at=at, outcome=outcome, answer=answer,
                    next_at=next_at,
                )
            )  # fmt: skip
            self._context.report("attempts", "")
        except ToolFailed as error:
            self._context.report("attempts", str(error))

    def _tell(self, delivery: Delivery, problem: str) -> None:
        kind = self._context.spec.channels[delivery.channel].kind
        self._context.report(f"{kind} {delivery.channel}", problem)
