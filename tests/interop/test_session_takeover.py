"""A viewer who knows or guesses the token of the gate's session gains nothing by it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from asyncua import ua
from asyncua.client.client import Client
from asyncua.ua.uaerrors import UaStatusCodeError

from ..plants.served import GATE_SECRET, served

SETPOINT = "ns=1;s=PIC-102.sp"
IDENTITIES = (
    ua.UserNameIdentityToken(PolicyId="username", UserName="gate", Password=b"wrong"),
    ua.AnonymousIdentityToken(PolicyId="anonymous"),
)


async def test_nobody_takes_over_the_gates_session() -> None:
    async with served() as server:
        url = f"opc.tcp://127.0.0.1:{server.opcua.port}/"
        gate = Client(url)
        gate.set_user("gate")
        gate.set_password(GATE_SECRET)
        async with gate:
            assert gate.uaclient.protocol is not None
            token = gate.uaclient.protocol.authentication_token
            for identity in IDENTITIES:
                async with _bare_channel(url) as thief:
                    assert thief.uaclient.protocol is not None
                    thief.uaclient.protocol.authentication_token = token
                    claim = ua.ActivateSessionParameters(UserIdentityToken=identity)
                    with pytest.raises(UaStatusCodeError):
                        await thief.uaclient.activate_session(claim)
                    with pytest.raises(UaStatusCodeError):
                        await _write(thief, 360.0)
                assert server.simulation.values()["PIC-102.sp"] == 350.0

            await _write(gate, 360.0)
            assert server.simulation.values()["PIC-102.sp"] == 360.0


@asynccontextmanager
async def _bare_channel(url: str) -> AsyncGenerator[Client]:
    client = Client(url)
    await client.connect_socket()
    await client.send_hello()
    await client.open_secure_channel()
    try:
        yield client
    finally:
        await client.close_secure_channel()
        client.disconnect_socket()


async def _write(client: Client, value: float) -> None:
    await client.get_node(SETPOINT).write_value(value, ua.VariantType.Double)
