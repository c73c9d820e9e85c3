"""Tries the accounts and ports for writes, without writing."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from ..config.secrets import resolve_secret
from ..errors import NotConnected
from ..model.endpoints import OpcuaConnection
from ..model.site import Site
from ..session.protocols import Connector, OpensToWrite
from .site_reader import connector_for


@dataclass(frozen=True, slots=True)
class WriteAccess:
    """Result of logging in at one device as the gate does."""

    where: str  # the endpoint of writes
    user: str  # empty on Modbus, which has no accounts
    fault: str = ""  # why it does not work, and what to do
    not_tried: str = ""  # why this process cannot log in


async def write_faults(site: Site) -> Mapping[str, str]:
    """Returns the connections that cannot be written to now, with the reason and what to do.

    Effect: OBSERVE. Retry: none. Timeout: as of `try_write_access`, all at the same time.
    """
    names = list(site.connections)
    found = await asyncio.gather(
        *(try_write_access(site, connector_for(site, name)) for name in names)
    )
    return {
        name: each.fault for name, each in zip(names, found, strict=True) if each and each.fault
    }


async def try_write_access(site: Site, connector: Connector) -> WriteAccess | None:
    """Opens a session with the account or port for writes, asks for the identity, and closes it.

    The session itself can only read, so that nothing is written.

    Returns:
        `None` if no tag of the connection can be written.

    Effect: OBSERVE. Retry: none. Timeout: the connection's `timeout` to connect, and then for each
    request.
    """
    name = connector.name
    config = site.connections[name]
    is_written = any(tag.writable and tag.connection == name for tag in site.tags.values())
    if not config.write or not is_written or not isinstance(connector, OpensToWrite):
        return None
    where, user = config.write_where, ""
    if isinstance(config, OpcuaConnection) and config.write:
        user = config.write.user
        try:
            resolve_secret(config.write.secret, site.root, name)
        except NotConnected as error:  # another user of this machine may run the gate
            return WriteAccess(where, user, not_tried=error.endpoints[name])
    try:
        session = await connector.open_to_write()
        try:
            await session.encoder([])  # checks that it is the configured device
        finally:
            await session.close()
    except NotConnected as error:
        return WriteAccess(where, user, fault=_fault(name, user, error.endpoints[name]))
    return WriteAccess(where, user)


def _fault(name: str, user: str, reason: str) -> str:
    who = f" as {user}" if user else ""
    return (
        f"to write{who}: {reason}. Until then nothing can be written there: check "
        f"write: of {name} in site.yaml, and the device"
    )
