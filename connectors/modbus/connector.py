"""Opens read sessions with a Modbus TCP device."""

from ..model.endpoints import ModbusConnection
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

    async def _dial(self) -> ModbusTransport:
        config = self.config
        port, timeout_s = config.read.port, config.timeout
        return await ModbusTransport.open(config.host, port, timeout_s, config.window)
