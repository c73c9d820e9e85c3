"""Addresses of devices as typed, `opc.tcp://HOST:4840` and `modbus://HOST:502/UNIT`."""

from urllib.parse import urlsplit

from pydantic import ValidationError

from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.endpoints import ModbusConnection, OpcuaConnection, ReadPort
from handwheel.tools.safe_text import printable

MODBUS = "modbus://"
_FORMS = "write opc.tcp://HOST:4840 or modbus://HOST:502/UNIT"
_MODBUS_PORT, _UNIT = 502, 1


def parse_device_url(text: str) -> OpcuaConnection | ModbusConnection:
    """Returns the connection that an address describes, with the usual port and unit 1.

    Raises:
        ConfigError: It is no such address.
    """
    try:
        if text.startswith(MODBUS):
            return _modbus(text)
        if not text.startswith("opc.tcp://"):
            raise ValueError(f"{text!r} is no address of a device; {_FORMS}")
        return OpcuaConnection(kind="opcua", endpoint=text)
    except ValidationError as error:
        reason = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        raise ConfigError.of(printable(f"{text!r}: {reason}")) from None
    except ValueError as error:
        raise ConfigError.of(printable(str(error))) from None


def _modbus(text: str) -> ModbusConnection:
    wrong = ValueError(f"{text!r} is no address of a Modbus device; write modbus://HOST:502/UNIT")
    try:
        parts = urlsplit(text)
        port, unit = parts.port or _MODBUS_PORT, int(parts.path.strip("/") or _UNIT)
    except ValueError:
        raise wrong from None
    if not parts.hostname or parts.username or parts.query or parts.fragment:
        raise wrong
    host = parts.hostname
    return ModbusConnection(kind="modbus", host=host, unit=unit, read=ReadPort(port=port))
