"""Identity of a server and types of its nodes, which encoding a write needs."""

from collections.abc import Mapping
from typing import cast
from urllib.parse import urlsplit

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.uaerrors import UaError

from ..config.hosts import is_loopback
from ..model.endpoints import OpcuaConnection
from ..model.values import Quality
from ..session.protocols import DeviceIdentity
from .codec import plain
from .encoder import DEVICE_TYPES, Target
from .security.certificates import leaf, thumbprint
from .services import Services, attribute

_SIMULATOR = "urn:handwheel:sim:"
_SCALAR = {-1, -2, -3}  # scalar, any, scalar or one dimension
_DEEPEST = 16  # no type of the standard is further from its built-in type


def identity_of(
    config: OpcuaConnection, endpoint: ua.EndpointDescription, proven: bytes | None = None
) -> DeviceIdentity:
    """Returns a server's identity from the endpoint that this session uses.

    Args:
        proven: Certificate with which the channel was opened, whose key the server has proven;
            `None` on a channel without security.

    Raises:
        UaError: It is not the server that the site file names.
    """
    uri = cast(str | None, endpoint.Server.ApplicationUri) or ""
    if config.application_uri and uri != config.application_uri:
        raise UaError(f"the server is {uri!a}, not {config.application_uri!r}")
    shown = None if proven else cast(bytes | None, endpoint.ServerCertificate)
    return DeviceIdentity(
        kind="opcua",
        where=config.write_where,
        # Escaped, because a device's text is shown on terminals and signed in documents.
        name=uri.encode("unicode_escape").decode()
        + (f" {thumbprint(leaf(shown))}" if shown else ""),
        is_loopback=is_loopback(urlsplit(config.endpoint).hostname or ""),
        is_simulator=uri.startswith(_SIMULATOR),
        certificate=thumbprint(leaf(proven)) if proven else None,
    )


async def targets_of(
    services: Services, nodes: Mapping[str, ua.NodeId | None]
) -> dict[str, Target | str]:
    """Returns the target of writes by tag name, of a built-in type, or why there is none."""
    targets: dict[str, Target | str] = {}
    known: dict[str, ua.NodeId] = {}
    for name, node in nodes.items():
        if node is None:
            targets[name] = "the server does not have its namespace"
        else:
            known[name] = node
    answers = await services.read_attributes(
        [
            attribute(node, each)
            for node in known.values()
            for each in (AttributeIds.DataType, AttributeIds.ValueRank)
        ]
    )
    pairs = zip(answers[::2], answers[1::2], strict=True)
    for (name, node), (data_type, rank) in zip(known.items(), pairs, strict=True):
        targets[name] = await _target(services, node, data_type, rank)
    return targets


async def _target(
    services: Services, node: ua.NodeId, data_type: ua.DataValue, rank: ua.DataValue
) -> Target | str:
    of_type, status = plain(data_type)
    if status.quality is not Quality.GOOD or not isinstance(of_type, ua.NodeId):
        return f"its type cannot be read: {status.name}"
    dimensions, status = plain(rank)
    if status.quality is not Quality.GOOD or dimensions not in _SCALAR:
        return "it is an array, or does not say that it is none"
    variant = await _built_in(services, of_type)
    if variant is None or variant not in DEVICE_TYPES:
        return f"its type {of_type.to_string()} is none that can be written"
    return Target(node, variant)


async def _built_in(services: Services, of_type: ua.NodeId) -> ua.VariantType | None:
    """Returns the built-in type from which a type derives. An abstract one has none."""
    each: ua.NodeId | None = of_type
    for _ in range(_DEEPEST):
        if each is None:
            return None
        if each.NamespaceIndex == 0 and isinstance(each.Identifier, int):
            if each.Identifier == ObjectIds.Enumeration:
                return ua.VariantType.Int32  # Part 6, 5.2.4
            if 0 < each.Identifier <= ObjectIds.DiagnosticInfo:
                return ua.VariantType(each.Identifier)
        each = await services.supertype(each)
    return None
