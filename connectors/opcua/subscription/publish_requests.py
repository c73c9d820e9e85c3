"""Keeps publish requests at a server and returns its messages in order."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from time import monotonic

from asyncua import ua
from asyncua.client.ua_client import UaClient
from asyncua.common.utils import Buffer
from asyncua.ua.uaerrors import BadTimeout, BadTooManyPublishRequests, UaStatusCodeError

from ..services import protocol_of
from .notifications import Notification, published, republished

_REFUSED_PAUSE_S = 0.5  # pause for a server that accepts no request at all
_MOST_REPUBLISHED = 10  # with more missing numbers, the server has restarted its count
_NUMBERS = 2**32 - 1  # from 1, and again from 1 after the last


@dataclass(frozen=True, slots=True)
class Published:
    """One message of a subscription."""

    subscription: int
    # number of messages lost before it; 1 where the server restarted its count, since the number is
    # unknown
    lost: int
    notification: Notification


class PublishRequests:
    """Publish requests of one session, which may have only one such object.

    `in_flight` of them are at the server, so that a slow link can report several times per round
    trip. It is lowered when the server refuses.
    """

    def __init__(self, client: UaClient, in_flight: int) -> None:
        self._client = client
        self._in_flight = in_flight
        self._next: dict[int, int] = {}
        self._republished: dict[int, set[int]] = {}
        self._resume_s = 0.0
        self._acks: list[ua.SubscriptionAcknowledgement] = []
        self._sent: set[asyncio.Task[Buffer]] = set()
        self._completed: asyncio.Queue[asyncio.Task[Buffer]] = asyncio.Queue()

    async def follow(self) -> AsyncGenerator[Published]:
        """Yields messages until closed. Raises `OSError` or `UaError` if the session is lost."""
        try:
            while True:
                while len(self._sent) < self._in_flight and monotonic() >= self._resume_s:
                    self._send()
                answer = await self._answer()
                if answer is None:
                    continue
                subscription, notification = published(answer)
                if not notification.is_keep_alive:
                    self._acknowledge(subscription, notification.number)
                for each in await self._in_order(subscription, notification):
                    yield each
        finally:
            await self._cancel_all()

    def _send(self) -> None:
        request = ua.PublishRequest()
        request.Parameters.SubscriptionAcknowledgements = self._acks
        self._acks = []
        task = asyncio.create_task(protocol_of(self._client).send_request(request, timeout=0))
        task.add_done_callback(self._completed.put_nowait)
        self._sent.add(task)

    async def _answer(self) -> Buffer | None:
        pause_s = self._resume_s - monotonic()
        try:
            async with asyncio.timeout(pause_s if pause_s > 0.0 else None):
                task = await self._completed.get()
        except TimeoutError:
            return None  # the pause is over
        self._sent.discard(task)
        try:
            return task.result()
        except BadTooManyPublishRequests:
            self._in_flight = max(len(self._sent), 1)
            if self._sent:
                return None  # the server has enough
        except BadTimeout:
            pass
        self._resume_s = monotonic() + _REFUSED_PAUSE_S
        return None

    def _acknowledge(self, subscription: int, number: int) -> None:
        ack = ua.SubscriptionAcknowledgement(
            SubscriptionId=ua.IntegerId(subscription), SequenceNumber=ua.Counter(number)
        )
        self._acks.append(ack)

    async def _in_order(self, subscription: int, notification: Notification) -> list[Published]:
        number = notification.number
        if not notification.is_keep_alive and self._is_late(subscription, number):
            return []
        expected = self._next.get(subscription, min(number, 1))  # some begin at 0
        if notification.is_keep_alive and number in {0, expected - 1}:  # some repeat the last
            return [Published(subscription, 0, notification)]
        is_used = not notification.is_keep_alive
        self._next[subscription] = number % _NUMBERS + 1 if is_used else number
        ahead = (number - expected) % _NUMBERS
        if ahead > _MOST_REPUBLISHED:
            self._republished.pop(subscription, None)
            return [Published(subscription, 1, notification)]
        earlier: list[Published] = []
        if ahead:
            earlier = await self._republish_missing(subscription, expected, ahead)
        return [*earlier, Published(subscription, ahead - len(earlier), notification)]

    def _is_late(self, subscription: int, number: int) -> bool:
        """Whether this message was requested again, and so is already taken or lost."""
        asked = self._republished.get(subscription, set())
        is_late = number in asked
        asked.discard(number)
        return is_late

    async def _republish_missing(
        self, subscription: int, first: int, count: int
    ) -> list[Published]:
        missing = [(first + each - 1) % _NUMBERS + 1 for each in range(count)]
        self._republished[subscription] = set(missing)
        again = [await self._republish(subscription, number) for number in missing]
        return [Published(subscription, 0, each) for each in again if each is not None]

    async def _republish(self, subscription: int, number: int) -> Notification | None:
        request = ua.RepublishRequest()
        request.Parameters.SubscriptionId = ua.IntegerId(subscription)
        request.Parameters.RetransmitSequenceNumber = ua.Counter(number)
        try:
            answer = await protocol_of(self._client).send_request(request)
            notification = republished(answer)
        except UaStatusCodeError:
            return None  # the server has deleted it
        if notification.number != number:
            return None
        self._acknowledge(subscription, number)
        return notification

    async def _cancel_all(self) -> None:
        waiting = list(self._sent)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
