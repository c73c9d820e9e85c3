"""Connections of a site, as `site.yaml` describes them."""

import re
from typing import Annotated, Any, Literal, cast
from urllib.parse import urlsplit

from pydantic import ConfigDict, Discriminator, Field, Tag, field_validator, model_validator

from handwheel.connectors.hints import shell_command

from ..config.durations import Duration, between
from ..config.hosts import host_key, is_address
from ..config.plug_ins import MissingPlugIn, PlugIns, UnusablePlugIn, WrongPlugIn
from ..config.secrets import SecretPlace
from ..config.validation import Model, load_model, spelled
from ..config.yaml_documents import Document
from ..denial import Denial
from ..errors import ConfigError
from .tags import Order

GROUP = "handwheel.connectors"
"""Entry points of connectors, each a class that is derived from `InstalledConnection`."""

_OWN = ("modbus", "opcua")
_OPCUA_PORT = 4840

Security = Literal[
    "None",
    "Basic256Sha256/Sign",
    "Basic256Sha256/SignAndEncrypt",
    "Aes128Sha256RsaOaep/Sign",
    "Aes128Sha256RsaOaep/SignAndEncrypt",
    "Aes256Sha256RsaPss/Sign",
    "Aes256Sha256RsaPss/SignAndEncrypt",
]
"""An OPC UA security policy and mode."""
Thumbprint = Annotated[
    str,
    spelled(
        r"sha256:[0-9a-f]{64}",
        "is no thumbprint: sha256: and 64 of 0-9 and a-f, as "
        f"'{shell_command('connections', 'trust', 'NAME')}' shows it",
    ),
]
"""SHA-256 of a certificate."""

_Interval = Annotated[Duration, between(0.01, 3600.0, "10 ms and 1 h")]


class Credentials(Model):
    """A user name and the place of its password, `env:NAME` or `file:PATH`."""

    user: str
    secret: SecretPlace


class ReadPort(Model):
    """Port of a Modbus device for reads."""

    port: int = Field(default=502, ge=1, le=65535)


class WritePort(Model):
    """Port of a Modbus device for writes by the gate."""

    port: int = Field(ge=1, le=65535)


class _Connection(Model):
    scan: _Interval = 0.5
    timeout: _Interval = 3.0  # a device that answers after 2 s is slow, not lost
    simulated: bool = False


class OpcuaConnection(_Connection):
    """An OPC UA server.

    Without `read` the session is anonymous; without `write` the gate does not write. `stamps` tells
    when the server renews a value's source time: with each change, or in each of its cycles. Only
    with `cyclic` does an old source time mean a standstill. `application_uri` is the URI that the
    server must have before it is written to. With `updates: subscribe` the server reports changes
    and samples each tag in its scan interval. With `security` the channel is signed, or signed and
    encrypted, and only the server with the key of `certificate` is accepted.
    """

    kind: Literal["opcua"]
    endpoint: str
    application_uri: str = ""
    security: Security = "None"
    certificate: Thumbprint = ""
    read: Credentials | None = None
    write: Credentials | None = None
    stamps: Literal["on-change", "cyclic"] = "on-change"
    updates: Literal["scan", "subscribe"] = "scan"

    @model_validator(mode="after")
    def _check_updates(self) -> "OpcuaConnection":
        if (self.stamps, self.updates) == ("cyclic", "subscribe"):
            raise ValueError(
                "stamps: cyclic goes with updates: scan; a server that tells changes does not tell "
                "the time of what has not changed, and a standstill would not be seen"
            )
        return self

    @model_validator(mode="after")
    def _check_certificate(self) -> "OpcuaConnection":
        if self.certificate and not self.is_secured:
            raise ValueError(
                "certificate goes with security, such as Basic256Sha256/SignAndEncrypt; without "
                "it nothing proves that the server has its key"
            )
        return self

    @field_validator("endpoint")
    @classmethod
    def _check_endpoint(cls, endpoint: str) -> str:
        if "@" in endpoint:
            raise ValueError("a user or password does not belong here; use read: {user, secret}")
        wrong = ValueError(f"{endpoint!r} is no endpoint; write opc.tcp://HOST:PORT")
        try:
            parts = urlsplit(endpoint)
            port = parts.port
        except ValueError:  # a port that is no number, or an address in broken brackets
            raise wrong from None
        if parts.scheme != "opc.tcp" or not parts.hostname or port == 0:
            raise wrong
        if port is None:
            return parts._replace(netloc=f"{parts.netloc.rstrip(':')}:{_OPCUA_PORT}").geturl()
        return endpoint

    @property
    def host(self) -> str:
        """Name or address of the server."""
        return urlsplit(self.endpoint).hostname or ""

    @property
    def is_secured(self) -> bool:
        """Whether the channel is signed, or signed and encrypted."""
        return self.security != "None"

    def check_pinned(self, name: str) -> Denial | None:
        """Denies a connection that would send a password or a write to an unpinned server."""
        if not self.is_secured or self.certificate or not (self.read or self.write):
            return None
        shows = shell_command("connections", "trust", name)
        return Denial(
            "not-pinned",
            "security without certificate: a password, and a write, go only to the server whose "
            f"certificate is pinned; '{shows}' shows what to write",
            lifted_by="certificate in site.yaml",
        )

    @property
    def where(self) -> str:
        """The endpoint, for display."""
        return self.endpoint

    @property
    def write_where(self) -> str:
        """The endpoint of writes, for display. It is empty without `write`."""
        return self.endpoint if self.write else ""


class ModbusConnection(_Connection):
    """A Modbus TCP device.

    `order` is the byte and word order of values of several registers. `max_registers` and
    `max_bits` limit one request, `window` the number of requests that wait for an answer. Without
    `write` the gate does not write.
    """

    kind: Literal["modbus"]
    host: str = Field(min_length=1)
    unit: int = Field(default=1, ge=0, le=255)
    order: Order = "ABCD"
    max_registers: int = Field(default=125, ge=1, le=125)
    max_bits: int = Field(default=2000, ge=1, le=2000)
    window: int = Field(default=1, ge=1, le=64)
    read: ReadPort = ReadPort()
    write: WritePort | None = None

    @field_validator("host")
    @classmethod
    def _check_host(cls, host: str) -> str:
        is_name = not re.search(r"[\s:/@\[\]]", host)
        if not is_name and not is_address(host):
            raise ValueError(
                f"{host!r} is no host: write a name or an address, and the port as "
                "read: {port: 502}"
            )
        return host

    @property
    def where(self) -> str:
        """The endpoint, for display."""
        return f"modbus://{self.host}:{self.read.port}/{self.unit}"

    @property
    def write_where(self) -> str:
        """The endpoint of writes, for display. It is empty without `write`."""
        return f"modbus://{self.host}:{self.write.port}/{self.unit}" if self.write else ""


class InstalledConnection(_Connection):
    """A device whose connector another package installs. It is only read.

    A connector derives a class from this one and registers it in `GROUP`. Its fields are the keys
    of the connection in `site.yaml` beside `scan`, `timeout` and `simulated`. Its method `connect`
    is described in `handwheel.connectors.session.protocols.Connects`.
    """

    kind: str

    @property
    def where(self) -> str:
        """The endpoint, for display."""
        return self.kind

    def check_item(self, item: str) -> None:
        """Raises `ValueError` if no tag can have this `item` in `tags.yaml`."""

    @property
    def write(self) -> None:
        """No account or port for writes, since only OPC UA and Modbus are written."""

    @property
    def write_where(self) -> str:
        """The endpoint of writes, always empty."""
        return ""


class UnusableConnection(InstalledConnection):
    """A connection whose connector is not loaded yet, or cannot be. Its tags are bad."""

    model_config = ConfigDict(extra="ignore")
    fault: str = ""  # why it cannot be loaded


def _kind_of(entry: Any) -> str:
    kind = cast("dict[str, object]", entry).get("kind") if isinstance(entry, dict) else ""
    return str(kind) if kind in _OWN else "other"


ConnectionConfig = OpcuaConnection | ModbusConnection | InstalledConnection
ConnectionEntry = Annotated[
    Annotated[OpcuaConnection, Tag("opcua")]
    | Annotated[ModbusConnection, Tag("modbus")]
    | Annotated[UnusableConnection, Tag("other")],
    Discriminator(_kind_of),
]
"""A connection as it stands in `site.yaml`, before `with_connector`."""


def with_connector(config: ConnectionConfig, name: str, document: Document) -> ConnectionConfig:
    """Returns a connection checked by the installed connector that its `kind` names.

    One of OPC UA or Modbus is returned as it is, and one whose connector cannot be loaded as an
    `UnusableConnection` with the reason.

    Raises:
        ConfigError: No such connector is installed, or keys are unknown, missing or wrong; with
            every problem.
    """
    if not isinstance(config, InstalledConnection):
        return config
    path = ("connections", name)

    def checked(found: object) -> InstalledConnection:
        if not isinstance(found, type) or not issubclass(found, InstalledConnection):
            raise WrongPlugIn("is no class derived from InstalledConnection")
        if not callable(getattr(found, "connect", None)):
            raise WrongPlugIn("has no method connect")
        own = load_model(found, document, path)
        _ = own.where  # code of others, which may fail
        return own

    try:
        return PlugIns(GROUP, "connector", _OWN).load(config.kind, checked)
    except MissingPlugIn as error:
        raise ConfigError([document.problem((*path, "kind"), str(error))]) from None
    except UnusablePlugIn as error:
        return config.model_copy(update={"fault": str(error)})


def is_same_device(one: ConnectionConfig, other: ConnectionConfig) -> bool:
    """Whether two connections share an endpoint, to read or to write.

    Compares the host by its spelling (see `host_key`), the port and, on Modbus, the unit. The path
    of an OPC UA endpoint does not count. Those of other connectors are compared as a text.
    """
    return not _endpoints(one).isdisjoint(_endpoints(other))


def _endpoints(config: ConnectionConfig) -> set[tuple[object, ...]]:
    if isinstance(config, InstalledConnection):
        return {(config.kind, config.where)}
    if isinstance(config, OpcuaConnection):
        return {("opcua", host_key(config.host), urlsplit(config.endpoint).port)}
    ports = {config.read.port, *([config.write.port] if config.write else [])}
    return {("modbus", host_key(config.host), port, config.unit) for port in ports}
