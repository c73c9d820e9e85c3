"""Keeps publish requests with a server, and gives what it publishes in order, without a hole."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from time import monotonic

from asyncua import ua
from asyncua.client.ua_client import UaClient, UASocketProtocol
from asyncua.common.utils import Buffer
from asyncua.ua.uaerrors import BadTimeout, BadTooManyPublishRequests, UaStatusCodeError

from .notifications import Notification, published, republished

_REFUSED_PAUSE_S = 0.5  # a server that takes no request at all is not to be flooded
_MOST_REPUBLISHED = 10  # more numbers that are left out are a server that counts anew
_NUMBERS = 2**32 - 1  # from 1; after the last comes 1


@dataclass(frozen=True, slots=True)
class Published:
    """What came of one subscription.

    Attributes:
        lost: How many messages before it cannot be had any more; 1 where the server's numbers
            began anew, for then nobody knows.
        notification: The message.
    """

    subscription: int
    lost: int
    notification: Notification


def protocol_of(client: UaClient) -> UASocketProtocol:
    """Returns the open transport.

    asyncua's own `create_subscription` would start its publish loop: one request at a time, and
    an answer that cannot be read, or the end of all subscriptions, passes in silence.

    Raises:
        ConnectionError: It is closed.
    """
    if client.protocol is None:
        raise ConnectionError("the connection is closed")
    return client.protocol


class PublishRequests:
    """The publish requests of one session; there may be only one such object.

    Args:
        client: The open session.
        in_flight: How many requests wait at the server, so that one that answers late can
            still tell several times in a round trip. It lowers it itself by refusing them.
    """

    def __init__(self, client: UaClient, in_flight: int) -> None:
        self._client = client
        self._in_flight = in_flight
        self._next: dict[int, int] = {}
        self._asked_again: dict[int, set[int]] = {}
        self._resume_s = 0.0
        self._acks: list[ua.SubscriptionAcknowledgement] = []
        self._sent: set[asyncio.Task[Buffer]] = set()
        self._came: asyncio.Queue[asyncio.Task[Buffer]] = asyncio.Queue()

    async def follow(self) -> AsyncGenerator[Published]:
        """Yields what is published, until it is closed.

        Raises:
            OSError, UaError: The session is lost, or has no subscription any more.
        """
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
            await self._give_up()

    def _send(self) -> None:
        request = ua.PublishRequest()
        request.Parameters.SubscriptionAcknowledgements = self._acks
        self._acks = []
        task = asyncio.create_task(protocol_of(self._client).send_request(request, timeout=0))
        task.add_done_callback(self._came.put_nowait)
        self._sent.add(task)

    async def _answer(self) -> Buffer | None:
        pause_s = self._resume_s - monotonic()
        try:
            async with asyncio.timeout(pause_s if pause_s > 0.0 else None):
                task = await self._came.get()
        except TimeoutError:
            return None  # the pause is over
        self._sent.discard(task)
        try:
            return task.result()
        except BadTooManyPublishRequests:
            self._in_flight = max(len(self._sent), 1)
            if self._sent:
                return None  # it has enough
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
        if notification.is_keep_alive and number in {0, expected - 1}:  # some tell the last one
            return [Published(subscription, 0, notification)]
        is_used = not notification.is_keep_alive
        self._next[subscription] = number % _NUMBERS + 1 if is_used else number
        ahead = (number - expected) % _NUMBERS
        if ahead > _MOST_REPUBLISHED:
            self._asked_again.pop(subscription, None)
            return [Published(subscription, 1, notification)]
        told: list[Published] = []
        if ahead:
            told = await self._told_again(subscription, expected, ahead)
        return [*told, Published(subscription, ahead - len(told), notification)]

    def _is_late(self, subscription: int, number: int) -> bool:
        """Whether this message has been asked for again: it has been taken, or is a loss."""
        asked = self._asked_again.get(subscription, set())
        is_late = number in asked
        asked.discard(number)
        return is_late

    async def _told_again(self, subscription: int, first: int, count: int) -> list[Published]:
        missing = [(first + each - 1) % _NUMBERS + 1 for each in range(count)]
        self._asked_again[subscription] = set(missing)
        again = [await self._again(subscription, number) for number in missing]
        return [Published(subscription, 0, each) for each in again if each is not None]

    async def _again(self, subscription: int, number: int) -> Notification | None:
        request = ua.RepublishRequest()
        request.Parameters.SubscriptionId = ua.IntegerId(subscription)
        request.Parameters.RetransmitSequenceNumber = ua.Counter(number)
        try:
            answer = await protocol_of(self._client).send_request(request)
            notification = republished(answer)
        except UaStatusCodeError:
            return None  # the server does not keep it any more
        if notification.number != number:
            return None
        self._acknowledge(subscription, number)
        return notification

    async def _give_up(self) -> None:
        waiting = list(self._sent)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
