"""A site: its connections, tags and equipment, read from `site.yaml` and `tags.yaml`."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from .documents import Document, read_document
from .durations import Duration
from .errors import ConfigError, Problem
from .models import Model, ModelT, load_model
from .tags import NAME, NodeAddress, RegisterAddress, Tag, TagFile

SITE_FILE = "site.yaml"
SITE_VARIABLE = "HANDWHEEL_SITE"


class Credentials(Model):
    """A user name, and where its password is: `env:NAME` or `file:PATH`, never the password."""

    user: str
    secret: str = Field(pattern=r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$")


class ReadPort(Model):
    """The port of a Modbus device at which reading is done."""

    port: int = Field(default=502, ge=1, le=65535)


class _Connection(Model):
    scan: Duration = 0.5
    timeout: Duration = 2.0
    simulated: bool = False

    @field_validator("scan", "timeout")
    @classmethod
    def _positive(cls, seconds: float) -> float:
        if not 0.01 <= seconds <= 3600.0:
            raise ValueError("must lie between 10 ms and 1 h")
        return seconds


class OpcuaConnection(_Connection):
    """An OPC UA server; without `read` the session is anonymous.

    `stamps` tells when the server renews a value's source time: with each change, or in
    each of its cycles. Only with the second does an old source time tell of a standstill.
    """

    kind: Literal["opcua"]
    endpoint: str
    read: Credentials | None = None
    stamps: Literal["on-change", "cyclic"] = "on-change"

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
        return endpoint

    @property
    def where(self) -> str:
        """The endpoint for people."""
        return self.endpoint


class ModbusConnection(_Connection):
    """A Modbus TCP device; `order` is the byte and word order of values of two registers.

    `max_registers` and `max_bits` are what the device answers in one request at most.
    """

    kind: Literal["modbus"]
    host: str = Field(min_length=1)
    unit: int = Field(default=1, ge=0, le=255)
    order: Literal["ABCD", "CDAB", "BADC", "DCBA"] = "ABCD"
    max_registers: int = Field(default=125, ge=1, le=125)
    max_bits: int = Field(default=2000, ge=1, le=2000)
    read: ReadPort = ReadPort()

    @property
    def where(self) -> str:
        """The endpoint for people."""
        return f"modbus://{self.host}:{self.read.port}/{self.unit}"


ConnectionConfig = Annotated[OpcuaConnection | ModbusConnection, Field(discriminator="kind")]


class Equipment(Model):
    """A piece of equipment: its class and path, its members, and the tags of its attributes."""

    class_: str = Field(default="", alias="class")
    path: str = ""
    members: list[str] = Field(default_factory=list)
    attributes: dict[str, str] = Field(default_factory=dict)


class SiteFile(Model):
    """The file `site.yaml`."""

    schema_: Literal["site/1"] = Field(alias="schema")
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    connections: dict[str, ConnectionConfig]
    tags: str = "tags.yaml"
    equipment: dict[str, Equipment] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Site:
    """A checked site: every tag has its connection, every reference its target."""

    root: Path
    id: str
    connections: Mapping[str, OpcuaConnection | ModbusConnection]
    tags: Mapping[str, Tag]
    equipment: Mapping[str, Equipment]

    def find_tags(self, names: Iterable[str]) -> list[Tag]:
        """Returns the named tags in the order asked for.

        Raises:
            ConfigError: Names every tag that the site does not have.
        """
        wanted = list(names)
        unknown = [name for name in wanted if name not in self.tags]
        if unknown:
            raise ConfigError([Problem("", 0, 0, "", self._unknown(name)) for name in unknown])
        return [self.tags[name] for name in wanted]

    def _unknown(self, name: str) -> str:
        close = get_close_matches(name, self.tags, n=1)
        if f"{name}.pv" in self.tags:
            close = [f"{name}.pv"]
        return f"there is no tag {name!r}" + (f"; did you mean {close[0]!r}?" if close else "")


def find_site(given: Path | None) -> Path:
    """Returns the site's folder: the one given, else `HANDWHEEL_SITE`, else the nearest above.

    Raises:
        ConfigError: There is none.
    """
    named = given or (Path(value) if (value := os.environ.get(SITE_VARIABLE)) else None)
    if named is not None:
        if not (named / SITE_FILE).exists():
            raise ConfigError([Problem(str(named / SITE_FILE), 0, 0, "", "there is no such file")])
        return named
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / SITE_FILE).is_file():
            return folder
    reason = (
        f"no {SITE_FILE} here or above; make a site with 'handwheel init DIR', "
        f"or name one with --site or {SITE_VARIABLE}"
    )
    raise ConfigError([Problem("", 0, 0, "", reason)])


def load_site(root: Path) -> Site:
    """Reads and checks a site.

    Raises:
        ConfigError: Every problem of both files at once.
    """
    problems: list[Problem] = []
    site_document, config = _load(SiteFile, root / SITE_FILE, problems)
    tags_path = root / (config.tags if config else "tags.yaml")
    tag_document, tag_file = _load(TagFile, tags_path, problems)
    tags = {name: entry.build(name) for name, entry in tag_file.tags.items()} if tag_file else {}
    if config and tag_file:
        problems += _check_tags(tags, config, tag_document)
        problems += _check_equipment(tags, config, site_document)
    if problems or config is None:
        raise ConfigError(problems)
    return Site(root, config.id, config.connections, tags, config.equipment)


def _load(
    model: type[ModelT], path: Path, problems: list[Problem]
) -> tuple[Document, ModelT | None]:
    document = Document(str(path))
    try:
        document = read_document(path)
        return document, load_model(model, document)
    except ConfigError as error:
        problems += error.problems
        return document, None


def _check_tags(tags: Mapping[str, Tag], config: SiteFile, document: Document) -> Iterator[Problem]:
    taken: dict[object, str] = {}
    for name, tag in tags.items():
        path = ("tags", name)
        if not NAME.fullmatch(name):
            reason = "a tag is a name and an attribute, such as PT-102.pv"
            yield document.problem(path, reason)
        connection = config.connections.get(tag.connection)
        if connection is None:
            names = ", ".join(config.connections)
            reason = f"there is no connection {tag.connection!r}; known: {names}"
            yield document.problem((*path, "connection"), reason)
        elif (connection.kind == "opcua") != isinstance(tag.address, NodeAddress):
            keys = "node" if connection.kind == "opcua" else "table and address"
            reason = f"{tag.connection} is {connection.kind}: a tag on it has {keys}"
            yield document.problem((*path, "connection"), reason)
        if tag.equipment and tag.equipment not in config.equipment:
            reason = f"{tag.equipment!r} is not in the site's equipment"
            yield document.problem((*path, "equipment"), reason)
        for cell in _cells(tag):
            other = taken.setdefault(cell, name)
            if other != name:
                yield document.problem(path, f"stands at the same address as {other}")
                break


def _cells(tag: Tag) -> Iterator[object]:
    match tag.address:
        case NodeAddress(node):
            yield tag.connection, node
        case RegisterAddress(table, address):
            for offset in range(tag.address.count):
                yield tag.connection, table, address + offset


def _check_equipment(
    tags: Mapping[str, Tag], config: SiteFile, document: Document
) -> Iterator[Problem]:
    for name, equipment in config.equipment.items():
        path = ("equipment", name)
        for n, member in enumerate(equipment.members):
            if member not in config.equipment:
                yield document.problem((*path, "members", n), f"there is no equipment {member!r}")
        for attribute, tag in equipment.attributes.items():
            if tag not in tags:
                yield document.problem((*path, "attributes", attribute), f"there is no tag {tag!r}")
