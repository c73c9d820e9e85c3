"""Changes told by an OPC UA server: in order, none lost in silence, and a loss is a loss."""

# pyright: reportPrivateUsage=false

from typing import cast

import pytest
from asyncua import ua
from asyncua.server.internal_subscription import InternalSubscription
from asyncua.server.uaprocessor import PublishRequestData, UaProcessor
from asyncua.ua.status_codes import StatusCodes

from handwheel.connectors.model.values import BAD_NODE_UNKNOWN, GOOD, Quality
from handwheel.connectors.opcua.subscription.monitored_items import SubscriptionTimes

from ...plants.devices.misbehaving import eventually
from .subscribed_server import Works, first_of, loss_of, subscribed, tags_of

pytestmark = pytest.mark.usefixtures("zeroes")


async def test_a_refused_node_is_told_once_stops_no_other_and_comes_when_it_appears(
    works: Works,
) -> None:
    tags = [*tags_of(["A", "late", "later"]), *tags_of(["B"], "urn:elsewhere")]
    async with subscribed(works, tags) as (session, subscription):
        first = await first_of(subscription, 4)
        assert {name: (each.value, each.status) for name, each in first} == {
            "A": (0.0, GOOD),
            "late": (None, BAD_NODE_UNKNOWN),
            "later": (None, BAD_NODE_UNKNOWN),
            "B": (None, BAD_NODE_UNKNOWN),
        }
        assert session.faults == {"3 tags": "BadNodeIdUnknown"}
        await works.add("late")
        await works.write("A", 1.0)
        second = await first_of(subscription, 2)
        assert sorted((name, each.value, each.status) for name, each in second) == [
            ("A", 1.0, GOOD),
            ("late", 0.0, GOOD),
        ]
        assert session.faults == {"2 tags": "BadNodeIdUnknown"}
        index = await works.server.register_namespace("urn:elsewhere")
        await works.add("B", index)
        assert [(name, each.value) for name, each in await first_of(subscription, 1)] == [
            ("B", 0.0)
        ]
        assert session.faults == {"1 tag": "BadNodeIdUnknown"}
    await works.remove("late")


async def test_a_value_that_the_server_marks_as_overflow_is_counted_and_stays_marked(
    works: Works,
) -> None:
    async with subscribed(works, tags_of()) as (_, subscription):
        await first_of(subscription)
        await works.write("A", 1.0, 0x0480)
        await works.write("B", 2.0)
        told = dict(await first_of(subscription, 2))
        assert (told["A"].value, told["A"].quality) == (1.0, Quality.GOOD)
        assert (told["A"].status.has_overflow, told["B"].status.has_overflow) == (True, False)
        assert subscription.overflows == 1


async def test_what_does_not_wait_for_a_slow_reader_is_counted_and_the_next_sample_says_so(
    works: Works,
) -> None:
    pace = SubscriptionTimes(keep_alive_s=0.2, capacity=4)
    async with subscribed(works, tags_of(), pace) as (_, subscription):
        await first_of(subscription)
        for value in range(1, 6):
            await works.write("A", float(value))
        await works.write("B", 1.0)
        await eventually(lambda: subscription.overflows == 2)
        told = await first_of(subscription, 4)
        assert [(name, each.value, each.status.has_overflow) for name, each in told] == [
            ("A", 3.0, True),
            ("A", 4.0, False),
            ("A", 5.0, False),
            ("B", 1.0, False),
        ]
        assert subscription.overflows == 2


@pytest.mark.parametrize("is_kept", [True, False])
async def test_a_message_that_is_missing_is_asked_for_again_or_counted_and_all_are_read(
    works: Works, is_kept: bool
) -> None:
    async with subscribed(works, tags_of()) as (_, subscription):
        await first_of(subscription)
        server_side = works.subscription
        _lose_next_message(server_side, is_kept=is_kept)
        await works.write("B", 5.0)  # and then never again
        await eventually(lambda: server_side._notification_seq == 3)
        await works.write("A", 2.0)
        told = await first_of(subscription, 2 if is_kept else 4)
        assert [(name, each.value, each.status.has_overflow) for name, each in told] == (
            [("B", 5.0, False), ("A", 2.0, False)]
            if is_kept
            else [("A", 2.0, True), ("A", 2.0, False), ("B", 5.0, True), ("C", 0.0, True)]
        )
        assert subscription.overflows == (0 if is_kept else 1)


def _lose_next_message(server_side: InternalSubscription, *, is_kept: bool) -> None:
    """Throws one message with changes away, as a server does that is taken over by another."""
    send = server_side.pub_result_callback

    async def lose(result: ua.PublishResult, request: PublishRequestData) -> None:
        if not result.NotificationMessage.NotificationData:
            await send(result, request)
            return
        server_side.pub_result_callback = send
        send.__self__._publish_requests.appendleft(request)  # type: ignore[attr-defined]
        if not is_kept:
            server_side._not_acknowledged_results.clear()

    server_side.pub_result_callback = lose


@pytest.mark.parametrize("is_told", [True, False])
async def test_a_subscription_that_the_server_ends_is_a_loss(works: Works, is_told: bool) -> None:
    async with subscribed(works, tags_of()) as (_, subscription):
        await first_of(subscription)
        server_side = works.subscription
        if is_told:
            await server_side.enqueue_statuschange(ua.StatusCode(ua.UInt32(StatusCodes.BadTimeout)))
            await works.write("A", 1.0)
        else:
            number = cast(int, server_side.data.SubscriptionId)
            await works.server.iserver.subscription_service.delete_subscriptions([number])
        # asyncua's server ends it without a word, and says so only to a later request.
        reasons = ["BadTimeout"] if is_told else ["no sign of life", "BadNoSubscription"]
        _, reason = await loss_of(subscription)
        assert any(why in reason for why in reasons)


async def test_a_server_that_takes_one_publish_request_gets_one(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: list[int] = []

    def limit(processor: UaProcessor, subscriptions: int) -> int:
        refused.append(len(processor._publish_requests))
        return 1

    monkeypatch.setattr(UaProcessor, "publish_request_limit", limit)
    async with subscribed(works, tags_of()) as (_, subscription):
        await first_of(subscription)
        for value in (1.0, 2.0, 3.0):
            await works.write("A", value)
            assert [each.value for _, each in await first_of(subscription, 1)] == [value]
    assert sum(refused) < 12  # ten at first, and then no more than it takes
