"""Discovery of a server's security policies and certificate, before it is trusted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from asyncua.ua.uaerrors import UaError

from ..errors import NotConnected
from ..model.endpoints import OpcuaConnection, Security
from .connector import OpcuaConnector
from .security.certificates import Certificate
from .security.channel import ask_endpoints, certificates_of, offered_by
from .services import UNREADABLE


@dataclass(frozen=True, slots=True)
class ServerOffer:
    """Unproven data that a server shows to any client."""

    application_uri: str  # unescaped
    offers: Sequence[Security]  # its supported securities, the strongest first, `None` last
    security: Security  # the configured one if it is offered, otherwise the strongest
    certificate: Certificate | None  # certificate for it; `None` if only `None` is offered


async def discover_server(connector: OpcuaConnector) -> ServerOffer:
    """Asks a server for its endpoints, without a session.

    Raises:
        NotConnected: It cannot be reached, or its answer cannot be read.

    Effect: OBSERVE. Retry: none. Timeout: the connection's `timeout`, for each of four steps.
    """
    config: OpcuaConnection = connector.config
    try:
        endpoints = await ask_endpoints(config)
    except (OSError, TimeoutError, UaError, *UNREADABLE) as error:
        raise connector.lost(error) from None
    if not endpoints:
        raise NotConnected({connector.name: f"{connector.where}: the server has no endpoint"})
    offers = offered_by(endpoints)
    wanted: Security = offers[0] if offers else "None"
    if config.is_secured and config.security in offers:
        wanted = config.security
    shown = certificates_of(endpoints, wanted) if wanted != "None" else []
    pinned = [each for each in shown if each.thumbprint == config.certificate]
    uri = cast(str | None, endpoints[0].Server.ApplicationUri) or ""
    return ServerOffer(uri, offers, wanted, next(iter([*pinned, *shown]), None))
