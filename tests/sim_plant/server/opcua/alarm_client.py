"""An asyncua client for the alarms of a plant, as tests of the OPC UA server use it."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from asyncua import ua
from asyncua.client.client import Client
from asyncua.common.events import Event
from asyncua.common.subscription import Subscription
from asyncua.ua.object_ids import ObjectIds

from handwheel.sim_plant.server.opcua.node_ids import plant_node, standard_node
from handwheel.sim_plant.server.plant_server import PlantServer

NS = 1
ACKNOWLEDGE = standard_node(ObjectIds.AcknowledgeableConditionType_Acknowledge)


class Inbox:
    """Collects the events of a subscription, as tables of their fields."""

    def __init__(self) -> None:
        self._queue = asyncio.Queue[Mapping[str, Any]]()
        self.item: int | None = None

    def event_notification(self, event: Event) -> None:
        fields = event.get_event_props_as_fields_dict()
        self._queue.put_nowait({name: variant.Value for name, variant in fields.items()})

    async def next(self) -> Mapping[str, Any]:
        return await asyncio.wait_for(self._queue.get(), 50)

    @property
    def is_empty(self) -> bool:
        return self._queue.empty()


@asynccontextmanager
async def client_of(
    server: PlantServer, user: str = "", password: str = ""
) -> AsyncGenerator[Client]:
    client = Client(f"opc.tcp://127.0.0.1:{server.opcua.port}/", watchdog_intervall=3600.0)
    if user:
        client.set_user(user)
        client.set_password(password)
    async with client:
        yield client


async def listen(
    client: Client, node: ua.NodeId | int = ObjectIds.Server, kind: int = ObjectIds.ConditionType
) -> tuple[Subscription, Inbox]:
    inbox = Inbox()
    subscription = await client.create_subscription(10, inbox)
    types = [ObjectIds.ExclusiveLevelAlarmType, kind]
    inbox.item = await subscription.subscribe_events(node, types, where_clause_generation=False)
    return subscription, inbox


async def call(client: Client, node: ua.NodeId, method: ua.NodeId, *arguments: ua.Variant) -> str:
    request = ua.CallMethodRequest(node, method, list(arguments))
    results: list[Any] = await client.uaclient.call([request])
    return str(results[0].StatusCode.name)


async def acknowledge(client: Client, alarm: str, event_id: bytes, text: str = "seen") -> str:
    return await call(
        client,
        plant_node(alarm, NS),
        ACKNOWLEDGE,
        ua.Variant(event_id, ua.VariantType.ByteString),
        ua.Variant(ua.LocalizedText(text)),
    )


def number(value: int | None) -> ua.Variant:
    return ua.Variant(value, ua.VariantType.UInt32)
