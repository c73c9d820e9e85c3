"""Publish requests and the numbers of what they bring: nothing is hidden, no server is flooded."""

# pyright: reportPrivateUsage=false

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest
from asyncua.client.ua_client import UaClient
from asyncua.ua.uaerrors import BadTimeout

from handwheel.connectors.opcua.wire.notifications import Notification
from handwheel.connectors.opcua.wire.publish_requests import PublishRequests

LAST = 2**32 - 1


class _Publishing(PublishRequests):
    """One whose server can republish these numbers."""

    kept: frozenset[int] = frozenset()

    async def _republish(self, subscription: int, number: int) -> Notification | None:
        return _message(number) if number in self.kept else None


def _message(number: int, *, is_keep_alive: bool = False) -> Notification:
    return Notification(number, None, (), None, is_keep_alive)


async def test_a_number_that_goes_back_or_leaps_hides_no_change() -> None:
    cases: list[tuple[list[int], set[int], list[int], int]] = [
        ([1, 2, 3], set[int](), [1, 2, 3], 0),
        ([0, 1, 2], set[int](), [0, 1, 2], 0),
        ([1, 3, 2, 4], {2}, [1, 2, 3, 4], 0),  # the late one has been had already
        ([1, 4, 3, 5], {2}, [1, 2, 4, 5], 1),
        ([*range(1, 31), 1, 2, 3], set[int](), [*range(1, 31), 1, 2, 3], 1),
        ([*range(1, 4), 1, 2], set[int](), [1, 2, 3, 1, 2], 1),
        ([1, 2**31, 2**31 + 1], {2, 3}, [1, 2**31, 2**31 + 1], 1),
        ([LAST, 1, 2], set[int](), [LAST, 1, 2], 1),  # far ahead at first, and then around
    ]
    for numbers, kept, told, lost in cases:
        publishing = _Publishing(cast(UaClient, None), 1)
        publishing.kept = frozenset(kept)
        published = [each for n in numbers for each in await publishing._in_order(7, _message(n))]
        assert [each.notification.number for each in published] == told
        assert sum(each.lost for each in published) == lost


async def test_a_sign_of_life_counts_as_no_message() -> None:
    publishing = _Publishing(cast(UaClient, None), 1)
    for number, is_keep_alive, lost in [
        (1, True, 0),
        (1, False, 0),
        (2, True, 0),
        (1, True, 0),  # some servers tell the last one
        (0, True, 0),
        (2, False, 0),
        (5, True, 2),
        (5, False, 0),
        (3, True, 1),  # it counts anew
        (3, False, 0),
    ]:
        (published,) = await publishing._in_order(7, _message(number, is_keep_alive=is_keep_alive))
        assert published.lost == lost


async def test_a_server_that_refuses_every_request_is_not_flooded() -> None:
    sent: list[object] = []

    async def refuse(request: object, timeout: float) -> None:  # noqa: ASYNC109
        del timeout
        sent.append(request)
        raise BadTimeout

    client = SimpleNamespace(protocol=SimpleNamespace(send_request=refuse))
    following = PublishRequests(cast(UaClient, client), 10).follow()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(following), 0.2)
    assert len(sent) == 10
