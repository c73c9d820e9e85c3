"""Connectors of other packages, each of which costs only its own connection if it fails."""

from pathlib import Path
from typing import NoReturn, Protocol, cast, runtime_checkable

from ..errors import NotConnected
from ..model.endpoints import InstalledConnection, UnusableConnection
from .protocols import Connector


@runtime_checkable
class Connects(Protocol):
    """A connection of `site.yaml` that makes its connector, as one of another package does.

    See `handwheel.connectors.model.endpoints.InstalledConnection`.
    """

    def connect(self, name: str, root: Path) -> Connector:
        """Returns the connector, of this name and with the scan interval of the connection.

        Args:
            name: The connection's name in the site file.
            root: Folder of the site, where `file:` of a secret begins.

        Raises:
            Exception: Any error costs only this connection, whose tags are then bad.

        Effect: none, nothing is opened yet. Retry: none. Timeout: none.
        """
        ...


def connect_installed(name: str, config: InstalledConnection, root: Path) -> Connector:
    """Returns the connector of another package, as `Connects.connect` describes it.

    One that cannot be used never opens, and names the reason. It raises no error.
    """
    if isinstance(config, UnusableConnection):
        return _UnusableConnector(name, config, config.fault)
    try:
        assert isinstance(config, Connects)  # as `with_connector` has checked
        connector = cast(object, config.connect(name, root))
        if not isinstance(connector, Connector):
            fault = f"connect returned a {type(connector).__name__}, not a Connector"
        elif (connector.name, connector.scan_s) == (name, config.scan):
            return connector
        else:
            fault = f"connect returned one that is not called {name} or scans at another interval"
    except Exception as error:  # noqa: BLE001 (code of others)
        fault = f"connect raised {type(error).__name__}: {error}"
    return _UnusableConnector(name, config, fault)


class _UnusableConnector:
    """A connector that never opens a session."""

    has_cyclic_stamps = False
    is_subscribed = False

    def __init__(self, name: str, config: InstalledConnection, fault: str) -> None:
        self.name, self.where, self.scan_s = name, config.where, config.scan
        self._reason = f"connector {config.kind}: {fault}; mend or install the package"

    async def open(self) -> NoReturn:
        """Raises `NotConnected` with the reason."""
        raise NotConnected({self.name: self._reason})
