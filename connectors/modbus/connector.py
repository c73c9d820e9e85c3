"""Opens read sessions with a Modbus TCP device."""

from ..errors import NotConnected
from ..model.endpoints import ModbusConnection
from ..session.protocols import NO_WRITE
from .device import ModbusDevice
from .session import ModbusSession
from .transport import ModbusTransport, TransportError


class ModbusConnector(ModbusDevice):
    """Opens read sessions with one device, over a port that needs to allow reading only."""

    def __init__(self, name: str, config: ModbusConnection) -> None:
        super().__init__(name, config)
        self.scan_s = config.scan
        self.has_cyclic_stamps = False  # Modbus sends no times
        self.is_subscribed = False  # Modbus reports no changes

    async def open(self) -> ModbusSession:
        """Connects. See `Connector.open`."""
        try:
            transport = await self._dial()
        except TransportError as error:
            raise self.lost(str(error)) from None
        return ModbusSession(self, transport, self._dial)

    async def open_to_write(self) -> ModbusSession:
        """Connects to the port for writes. See `OpensToWrite.open_to_write`."""
        device = ModbusDevice(self.name, self.config, writes=True)
        return ModbusSession(device, await self.open_write_port())

    async def open_write_port(self) -> ModbusTransport:
        """Connects to the port for writes, without a window of requests.

        Raises:
            NotConnected: There is no such port, or no device answers there.

        Effect: OBSERVE. Retry: none. Timeout: the connection's `timeout`.
        """
        config = self.config
        if config.write is None:
            raise NotConnected({self.name: NO_WRITE})
        try:
            return await ModbusTransport.open(config.host, config.write.port, config.timeout)
        except TransportError as error:
            raise NotConnected({self.name: f"{config.write_where}: {error}"}) from None

    async def _dial(self) -> ModbusTransport:
        config = self.config
        port, timeout_s = config.read.port, config.timeout
        return await ModbusTransport.open(config.host, port, timeout_s, config.window)
