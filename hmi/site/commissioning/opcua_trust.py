"""Exchange of certificates between a site and an OPC UA server."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from handwheel.connectors.errors import ConfigError
from handwheel.connectors.hints import next_step
from handwheel.connectors.model.endpoints import OpcuaConnection
from handwheel.connectors.model.site import Site
from handwheel.connectors.opcua.connector import OpcuaConnector
from handwheel.connectors.opcua.discovery import ServerOffer, discover_server
from handwheel.connectors.opcua.security.application import (
    CERTIFICATE,
    FOLDER,
    load_application,
    make_application,
)
from handwheel.connectors.opcua.security.certificates import Certificate, utc_now

from ...shell.cli.exits import NO
from ...shell.cli.field_lines import print_result
from ...shell.terminal.progress import reporting_progress
from ...shell.terminal.templates import render

_NOT_OPCUA = "Modbus has no certificates, so there is nothing to trust"


@dataclass(frozen=True, slots=True)
class _TrustCheck:
    """Certificates of the site and the server."""

    ours: Certificate
    path: Path  # where it lies
    is_new: bool  # whether it was made just now
    server: ServerOffer  # what the server says
    pinned: str  # the thumbprint in `site.yaml`; empty if there is none
    objection: str  # why the server cannot be pinned so; empty if it can


async def trust_server(site: Site, name: str, *, as_json: bool) -> None:
    """Makes the site's key if missing, reads the server's certificate and prints the next steps.

    Raises:
        ConfigError: There is no such connection, or it is not OPC UA; or no key can be written.
        NotConnected: The server cannot be reached, or our key cannot be used.
        SystemExit: The server's certificate cannot be used, or another one is pinned.
    """
    config = site.connections.get(name)
    if config is None:
        known = ", ".join(site.connections)
        raise ConfigError.of(f"there is no connection {name!r}; known: {known}")
    if not isinstance(config, OpcuaConnection):
        raise ConfigError.of(f"{name}: {_NOT_OPCUA}")
    is_new = make_application(site.root, site.id)
    ours = load_application(site.root, name).certificate
    async with reporting_progress({name: "asking for the certificate"}):
        server = await discover_server(OpcuaConnector(name, config, site.root))
    path = (site.root / FOLDER / CERTIFICATE).absolute()
    check = _TrustCheck(ours, path, is_new, server, config.certificate, _objection(server, config))
    print_result(_fields(check), _lines(check, name, config), as_json=as_json)
    if check.objection:
        raise SystemExit(NO)


def _objection(server: ServerOffer, config: OpcuaConnection) -> str:
    shown = server.certificate
    if shown is None:
        return "the server offers no security that is supported here, so there is nothing to pin"
    if denial := shown.check(utc_now()):
        return f"the server's certificate {denial}: it must be renewed there first"
    if config.certificate and config.certificate != shown.thumbprint:
        return f"site.yaml pins another certificate, {config.certificate}"
    return ""


def _lines(check: _TrustCheck, name: str, config: OpcuaConnection) -> list[str]:
    shown = render(
        "handwheel.hmi.site.commissioning", "opcua_trust.txt.j2",
        check=check, name=name, where=config.where,
        theirs=check.server.certificate, now=utc_now(), next=next_step("check", "--online"),
    )  # fmt: skip
    return shown.splitlines()


def _fields(check: _TrustCheck) -> dict[str, Any]:
    server = check.server
    return {
        "ours": _certificate_fields(check.ours)
        | {"path": str(check.path), "made_now": check.is_new},
        "server": {
            "application_uri": server.application_uri,
            "offers": list(server.offers),
            "security": server.security,
            "certificate": server.certificate and _certificate_fields(server.certificate),
        },
        "pinned": check.pinned or None,
        "objection": check.objection or None,
    }


def _certificate_fields(certificate: Certificate) -> dict[str, Any]:
    fields = asdict(certificate)
    del fields["der"]
    return fields | {
        "start": f"{certificate.start:%Y-%m-%dT%H:%M:%SZ}",
        "end": f"{certificate.end:%Y-%m-%dT%H:%M:%SZ}",
    }
