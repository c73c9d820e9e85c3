"""What one client can take of the OPC UA server: it ends with him, and has its bounds."""

import math
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from asyncua import ua
from asyncua.client.client import Client
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.uaerrors import UaStatusCodeError

from handwheel.sim_plant.server.opcua.access.sessions import Sessions
from handwheel.sim_plant.server.opcua.alarms import monitored_items as items
from handwheel.sim_plant.server.opcua.node_ids import plant_node, standard_node
from handwheel.sim_plant.server.plant_server import PlantServer

from ....plants.devices.misbehaving import eventually
from ....plants.served import frames_of
from .alarm_client import client_of

MOST = 2**32 - 1


@pytest.fixture
async def client(server: PlantServer) -> AsyncGenerator[Client]:
    async with client_of(server) as client:
        yield client


def disconnected(server: PlantServer) -> Client:
    return Client(f"opc.tcp://127.0.0.1:{server.opcua.port}/", watchdog_intervall=3600.0)


def sessions_of(server: PlantServer) -> Sessions:
    return server.opcua._sessions  # pyright: ignore[reportPrivateUsage]


def left(server: PlantServer) -> int:
    return len(sessions_of(server).subscription_service.subscriptions)


async def subscribe(client: Client, interval_ms: float = 1000.0, life: int = MOST) -> Any:
    wanted = ua.CreateSubscriptionParameters(
        RequestedPublishingInterval=ua.Duration(interval_ms),
        RequestedLifetimeCount=ua.Counter(life),
        RequestedMaxKeepAliveCount=ua.Counter(life),
        PublishingEnabled=True,
    )
    return await client.uaclient.create_subscription(wanted, _ignore)


async def _ignore(result: Any) -> None:
    del result


@pytest.mark.parametrize("end", ["closes and keeps them", "is cut off", "opens a second session"])
async def test_subscriptions_end_with_their_client(server: PlantServer, end: str) -> None:
    client = disconnected(server)
    await client.connect()
    await subscribe(client)
    assert left(server) == 1
    if end == "closes and keeps them":
        await client.uaclient.close_session(False)
    elif end == "is cut off":
        sessions_of(server).asyncio_transports[0].abort()
    else:
        await client.create_session()
    await eventually(lambda: left(server) == 0)
    with suppress(ConnectionError):
        await client.disconnect()


async def test_a_session_has_twenty_subscriptions_and_leaves_room_for_others(
    server: PlantServer, client: Client
) -> None:
    made = [(await subscribe(client)).SubscriptionId for _ in range(20)]
    with pytest.raises(UaStatusCodeError, match="BadTooManySubscriptions"):
        await subscribe(client)
    async with client_of(server) as other:
        await subscribe(other)
    await client.uaclient.delete_subscriptions(made[:1])
    await subscribe(client)


async def test_a_subscription_without_a_reader_lives_for_ten_minutes_at_most(
    client: Client,
) -> None:
    cases: list[tuple[float, int, tuple[float, int, int]]] = [
        (1e12, MOST, (60_000.0, 10, 3)),
        (1000.0, 300, (1000.0, 300, 200)),
        (1000.0, 0, (1000.0, 600, 200)),
        (math.nan, 9, (10.0, 9, 9)),
    ]
    for asked_ms, life, revised in cases:
        made = await subscribe(client, asked_ms, life)
        lives = made.RevisedLifetimeCount, made.RevisedMaxKeepAliveCount
        assert revised == (made.RevisedPublishingInterval, *lives)


def asking(size: int) -> ua.MonitoringParameters:
    return ua.MonitoringParameters(
        ClientHandle=ua.IntegerId(1), SamplingInterval=ua.Duration(0), QueueSize=ua.Counter(size)
    )


async def watch(client: Client, subscription: int, count: int = 1) -> list[Any]:
    """Adds items on the plant's clock to a subscription."""
    clock = ua.ReadValueId(NodeId=plant_node("SIM-CLOCK.pv", 1), AttributeId=ua.IntegerId(13))
    new = ua.MonitoredItemCreateRequest(clock, ua.MonitoringMode.Reporting, asking(MOST))
    wanted = ua.CreateMonitoredItemsParameters(subscription, ItemsToCreate=[new] * count)
    return await client.uaclient.create_monitored_items(wanted)


async def test_a_subscription_has_room_for_a_plant_and_no_more(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(items, "MOST_ITEMS", 3)
    first, second = [(await subscribe(client)).SubscriptionId for _ in range(2)]
    made = await watch(client, first, 4)
    assert [each.StatusCode.name for each in made] == ["Good"] * 3 + ["BadTooManyMonitoredItems"]
    assert [each.StatusCode.name for each in await watch(client, second)] == ["Good"]
    ended = ua.DeleteMonitoredItemsParameters(first, [made[0].MonitoredItemId])
    await client.uaclient.delete_monitored_items(ended)
    assert [each.StatusCode.name for each in await watch(client, first)] == ["Good"]


async def test_a_queue_has_its_bound_when_it_is_modified_too(client: Client) -> None:
    subscription = (await subscribe(client)).SubscriptionId
    (created,) = await watch(client, subscription)
    for size, revised in ((0, created.RevisedQueueSize), (MOST, created.RevisedQueueSize), (7, 7)):
        change = ua.MonitoredItemModifyRequest(created.MonitoredItemId, asking(size))
        wanted = ua.ModifyMonitoredItemsParameters(subscription, ItemsToModify=[change])
        modified: Any = (await client.uaclient.modify_monitored_items(wanted))[0]
        assert modified.RevisedQueueSize == revised <= 10_000


async def test_a_call_has_fifty_methods(client: Client, log: Path) -> None:
    refresh = ua.CallMethodRequest(
        standard_node(ObjectIds.ConditionType),
        standard_node(ObjectIds.ConditionType_ConditionRefresh),
        [ua.Variant((await subscribe(client)).SubscriptionId, ua.VariantType.UInt32)],
    )
    results: list[Any] = await client.uaclient.call([refresh] * 50)
    assert {result.StatusCode.name for result in results} == {"Good"}
    with pytest.raises(UaStatusCodeError, match="BadTooManyOperations"):
        await client.uaclient.call([refresh] * 51)
    assert not frames_of(log), "a refresh moves nothing: no line"
    disable = ua.CallMethodRequest(
        standard_node(ObjectIds.ConditionType), standard_node(ObjectIds.ConditionType_Disable), []
    )
    with pytest.raises(UaStatusCodeError, match="BadTooManyOperations"):
        await client.uaclient.call([disable] * 51)
    assert frames_of(log)[0]["answer"] == ["BadTooManyOperations"] * 51
