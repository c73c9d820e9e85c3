"""Subscriptions that a supervisor has reason to doubt: dead items, dead intervals, odd servers."""

# pyright: reportPrivateUsage=false

import asyncio
import time
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from math import inf, nan
from types import SimpleNamespace
from typing import cast

import pytest
from asyncua import ua
from asyncua.client.ua_client import UaClient
from asyncua.server.subscription_service import SubscriptionService
from asyncua.ua.uaerrors import BadTimeout

from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import BAD_NODE_UNKNOWN, GOOD, DataValue, never_read
from handwheel.connectors.opcua.subscription.notifications import Notification
from handwheel.connectors.opcua.subscription.publish_requests import PublishRequests
from handwheel.connectors.opcua.subscription.subscription import OpcuaSubscription
from handwheel.connectors.session.subscription_health import ReportsHealth
from handwheel.sim_plant.link.proxy import LinkProxy

from ...plants.devices.misbehaving import eventually
from .subscribed_server import (
    NAMES,
    PACE,
    SCAN_S,
    Works,
    first_of,
    loss_of,
    second_interval_ends,
    subscribed,
    tags_of,
)

pytestmark = pytest.mark.usefixtures("zeroes")


async def test_what_was_read_after_a_loss_does_not_come_behind_a_newer_change(works: Works) -> None:
    async with subscribed(works, tags_of()) as (_, subscription):
        await first_of(subscription)
        read = subscription._context.read

        async def late(tags: Sequence[Tag]) -> Mapping[str, DataValue]:
            readings = await read(tags)
            await works.write("A", 9.0)
            await eventually(lambda: ("A", 9.0) in _waiting(subscription))
            return readings

        subscription._context = replace(subscription._context, read=late)
        works.subscription._notification_seq += 1  # one message is lost
        await works.write("A", 1.0)
        told = await first_of(subscription, 4)
        assert [each.value for name, each in told if name == "A"] == [1.0, 9.0]
        assert {name for name, _ in told} == set(NAMES)


def _waiting(subscription: OpcuaSubscription) -> list[tuple[str, object]]:
    return [(name, each.value) for name, each in subscription._waiting]


async def test_an_item_that_is_dead_at_the_server_is_made_anew(works: Works) -> None:
    async with subscribed(works, tags_of()) as (session, subscription):
        assert isinstance(subscription, ReportsHealth)
        await first_of(subscription)
        _kill_items(works)
        await works.write("B", 5.0)
        for overflows in (0, 1, 1):
            subscription.compare(await session.read(tags_of()))
            assert subscription.overflows == overflows
        ((name, told),) = await first_of(subscription, 1)
        assert (name, told.value, told.status.has_overflow) == ("B", 5.0, True)
        await works.write("B", 6.0)
        ((name, told),) = await first_of(subscription, 1)
        assert (name, told.value, told.status) == ("B", 6.0, GOOD)
        subscription.compare({"C": never_read(BAD_NODE_UNKNOWN, 0.0)})
        ((name, told),) = await first_of(subscription, 1)  # what is told of the new item
        assert (name, told.value, session.faults) == ("C", 0.0, {})
        await works.write("B", 0.0, BAD_NODE_UNKNOWN)
        for _ in range(2):  # of the old item, and of the one that is made anew in its place
            ((name, told),) = await first_of(subscription, 1)
            assert (name, told.status) == ("B", BAD_NODE_UNKNOWN)
        await eventually(lambda: len(works.subscription.monitored_item_srv._monitored_items) == 3)


def _kill_items(works: Works) -> None:
    """Lets the server forget whom to tell, as one does whose nodes are loaded anew."""
    for handle in works.subscription.monitored_item_srv._monitored_datachange:
        works.server.iserver.aspace.delete_datachange_callback(handle)


async def test_each_interval_shows_for_itself_that_it_lives(works: Works) -> None:
    async with second_interval_ends(works) as subscription:
        dead_s, alive_s = subscription.last_alive_s(2 * SCAN_S), subscription.last_alive_s(SCAN_S)
        await eventually(lambda: subscription.last_alive_s(SCAN_S) > alive_s)
        assert subscription.last_alive_s(2 * SCAN_S) == dead_s


async def test_what_came_while_this_process_was_stopped_is_no_sign_of_life(works: Works) -> None:
    async with subscribed(works, tags_of(), replace(PACE, stall_s=0.3)) as (_, subscription):
        await first_of(subscription)
        time.sleep(0.5)  # noqa: ASYNC251  # as if it were stopped
        last_alive_s = subscription.last_alive_s(SCAN_S)
        _, reason = await loss_of(subscription)
        assert "this process stood still for" in reason
        assert subscription.last_alive_s(SCAN_S) == last_alive_s


async def test_an_interval_that_is_none_is_taken_as_it_was_asked_for(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    for odd in [(0.0, 4), (nan, 4), (inf, 4), (-100.0, 4), (1e-300, 4), (1e300, 4), (50.0, 0)]:
        with monkeypatch.context() as patch:
            _revise(patch, *odd)
            async with subscribed(works, tags_of()) as (session, subscription):
                assert len(await first_of(subscription)) == len(NAMES), odd
                assert session.faults == {}, odd


async def test_a_server_that_hardly_ever_shows_its_life_is_asked(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    _revise(monkeypatch, 50.0, 2**32 - 1)
    async with (
        LinkProxy(works.port) as link,
        subscribed(works, tags_of(), port=link.port) as (session, subscription),
    ):
        await first_of(subscription)
        assert list(session.faults) == ["keep-alive of 0.05 s"]
        link.half_open()
        took_s, reason = await loss_of(subscription)
        assert took_s < 5.0
        assert "no answer within" in reason


def _revise(monkeypatch: pytest.MonkeyPatch, interval_ms: float, count: int) -> None:
    create = SubscriptionService.create_subscription

    async def revised(
        service: SubscriptionService, *args: object, **keys: object
    ) -> ua.CreateSubscriptionResult:
        result = copy(await create(service, *args, **keys))  # type: ignore[arg-type]
        result.RevisedPublishingInterval = ua.Duration(interval_ms)
        result.RevisedMaxKeepAliveCount = ua.Counter(count)
        return result

    def modified(_service: SubscriptionService, *_: object) -> ua.ModifySubscriptionResult:
        return ua.ModifySubscriptionResult(
            RevisedPublishingInterval=ua.Duration(interval_ms),
            RevisedMaxKeepAliveCount=ua.Counter(count),
        )

    monkeypatch.setattr(SubscriptionService, "create_subscription", revised)
    monkeypatch.setattr(SubscriptionService, "modify_subscription", modified, raising=False)


LAST = 2**32 - 1


class _Publishing(PublishRequests):
    """One whose server can republish these numbers."""

    kept: frozenset[int] = frozenset()

    async def _republish(self, subscription: int, number: int) -> Notification | None:
        return _message(number) if number in self.kept else None


def _message(number: int, *, is_keep_alive: bool = False) -> Notification:
    return Notification(number, (), None, is_keep_alive)


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
