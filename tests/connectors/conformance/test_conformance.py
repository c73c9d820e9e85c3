"""Our connectors keep what the conformance kit asks, and say so in their `quality.toml`."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from handwheel.connectors.testing import Conformance, Rig
from handwheel.connectors.testing.loss_checks import LossChecks

from .rig_fake import fake_rig
from .rig_modbus import modbus_rig
from .rig_opcua import PASSWORD, SECRET, OpcuaDevice

ROOT = Path(__file__).parents[3]


class TestFake(Conformance):
    quality = ROOT / "connectors/testing/quality.toml"

    @asynccontextmanager
    async def rig(self) -> AsyncGenerator[Rig]:
        yield fake_rig()


class TestModbus(Conformance):
    quality = ROOT / "connectors/modbus/quality.toml"

    @asynccontextmanager
    async def rig(self) -> AsyncGenerator[Rig]:
        async with modbus_rig() as rig:
            yield rig


@pytest.fixture(scope="module")
async def opcua_device() -> AsyncGenerator[OpcuaDevice]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(SECRET, PASSWORD)
        async with OpcuaDevice().running() as device:
            yield device


class TestOpcua(Conformance):
    quality = ROOT / "connectors/opcua/quality.toml"

    @pytest.fixture(autouse=True)
    def _served(self, opcua_device: OpcuaDevice) -> None:
        self._device = opcua_device

    @asynccontextmanager
    async def rig(self) -> AsyncGenerator[Rig]:
        async with self._device.rig(ROOT) as rig:
            yield rig


class _Subscribed(LossChecks):
    def __init__(self, rig: Callable[[], AbstractAsyncContextManager[Rig]]) -> None:
        self._rig = rig

    def rig(self) -> AbstractAsyncContextManager[Rig]:
        return self._rig()


@asynccontextmanager
async def _subscribed_fake() -> AsyncGenerator[Rig]:
    yield fake_rig(is_subscribed=True)


async def test_devices_that_tell_their_changes_are_supervised_alike(
    opcua_device: OpcuaDevice,
) -> None:
    for rig in (_subscribed_fake, lambda: opcua_device.rig(ROOT, updates="subscribe")):
        await _Subscribed(rig).test_cut_turns_every_tag_bad()
        await _Subscribed(rig).test_comes_back_by_itself()
