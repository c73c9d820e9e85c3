"""Typical gateway for comparison, which checks range, rate and interlock of a write.

It needs no approval, stores nothing and reads nothing back.
`python -m benchmarks.peers.gateway PORT ENDPOINT PASSWORD SETPOINT INTERLOCK`, with node ids.
"""

import asyncio
import sys
from time import monotonic

from asyncua import ua
from asyncua.client.client import Client
from asyncua.common.callback import CallbackType, ServerItemCallback
from asyncua.server.server import Server
from asyncua.ua.uaerrors import BadInvalidState, BadOutOfRange

LOW, HIGH = 280.0, 420.0
PER_S = 1.0e6  # it is measured faster than any plant would be driven
HIGHEST_PRESSURE = 500.0
NODE = "setpoint"


class Forwarder:
    """Checks each write to the gateway's node, and forwards it to the plant's."""

    def __init__(self, plant: Client, setpoint: str, interlock: str) -> None:
        self._setpoint, self._interlock = plant.get_node(setpoint), plant.get_node(interlock)
        self._last: tuple[float, float] | None = None

    async def forward(self, event: ServerItemCallback, dispatcher: object) -> None:
        """Checks and forwards a write before it is answered, or raises to refuse it."""
        del dispatcher
        if not event.is_external:
            return  # the server's own
        for item in event.request_params.NodesToWrite:
            variant: ua.Variant = item.Value.Value
            await self._check(variant.Value)
            await self._setpoint.write_value(ua.DataValue(variant))
            self._last = variant.Value, monotonic()

    async def _check(self, value: float) -> None:
        if not LOW <= value <= HIGH:
            raise BadOutOfRange
        if self._last is not None:
            before, at_s = self._last
            if abs(value - before) > PER_S * (monotonic() - at_s):
                raise BadOutOfRange
        if not await self._interlock.read_value() < HIGHEST_PRESSURE:
            raise BadInvalidState


async def main(port: str, endpoint: str, password: str, setpoint: str, interlock: str) -> None:
    """Serves until standard input ends."""
    plant = Client(endpoint)
    plant.set_user("gate")
    plant.set_password(password)
    async with plant:
        server = Server()
        await server.init()
        server.set_endpoint(f"opc.tcp://127.0.0.1:{port}/")
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        namespace = await server.register_namespace("urn:handwheel:gateway")
        present = await plant.get_node(setpoint).read_data_value()
        node = await server.nodes.objects.add_variable(
            ua.NodeId.from_string(f"ns={namespace};s={NODE}"), NODE, present.Value
        )
        await node.set_writable()
        forwarder = Forwarder(plant, setpoint, interlock)
        server.subscribe_server_callback(CallbackType.PreWrite, forwarder.forward)
        async with server:
            print("ready", flush=True)
            await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
