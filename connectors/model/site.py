"""A site with its connections, tags and equipment, from `site.yaml` and `tags.yaml`."""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from handwheel.connectors.hints import did_you_mean, name_site, shell_command

from ..config.regular_files import read_regular
from ..config.validation import load_model
from ..config.yaml_documents import Document, read_document
from ..errors import ConfigError, Problem, made_of_each
from .computed import ComputedChecks
from .endpoints import ConnectionConfig, with_connector
from .equipment import Equipment
from .language_models import LanguageModel, check_models
from .notice_spec import NoticeSpec, check_notices
from .site_file import (
    SITE_SCOPE,
    PlantClock,
    Processes,
    SiteFile,
    Supervision,
    check_clock,
    check_equipment,
    check_tags,
)
from .tag_file import TagFile
from .tags import Tag
from .twin_spec import TwinSpec

_File = TypeVar("_File")

SITE_FILE = "site.yaml"
POLICY_FILE = "policy.yaml"
OPERATORS_FILE = "operators.yaml"
LOCK_FILE = "playbooks.lock"
SITE_VARIABLE = "HANDWHEEL_SITE"


@dataclass(frozen=True, slots=True)
class Site:
    """A checked site, in which every tag has its connection and every reference its target."""

    root: Path  # its folder, as the user gave it
    id: str
    connections: Mapping[str, ConnectionConfig]
    tags: Mapping[str, Tag]
    equipment: Mapping[str, Equipment]
    trust_root: str  # fingerprint of the first administrator's key; empty if there is none
    state: Path  # absolute path of the folder for ledger, journal and history
    # SHA-256 of the bytes of `site`, `tags` and `policy`, hexadecimal; empty for a policy that
    # cannot be read
    hashes: Mapping[str, str]
    tags_file: str  # path of `tags.yaml`, relative to the folder
    clock_tag: str = ""  # tag with process time, s; empty for the wall clock
    playbooks: tuple[str, ...] = ()  # folders, relative to the root, and `package:NAME` for ours
    plant: str = ""  # the plant that playbooks are written for; empty if the site names none
    failure_modes: tuple[str, ...] = ()  # files, relative to the root, and `package:NAME` for ours
    baseline: str = "baseline.yaml"  # path of the healthy residuals, relative to the root
    planner: str = "rules"  # name of the planner of its agents
    twin: TwinSpec | None = None  # the model that foretells plans; `None` without one
    notices: NoticeSpec | None = None  # ways out of the site for notices; `None` without any
    supervision: Supervision = field(default_factory=Supervision)
    processes: Processes = field(default_factory=Processes)
    tools: tuple[str, ...] = ()  # entry points of tools that other packages have
    models: tuple[LanguageModel, ...] = ()  # language models in the order in which they are asked

    def find_tags(self, names: Iterable[str]) -> list[Tag]:
        """Returns the named tags in order. Raises `ConfigError` with all that are missing."""
        wanted = list(names)
        unknown = [name for name in wanted if name not in self.tags]
        if unknown:
            texts = [
                f"there is no tag {name!r}{did_you_mean(name, self.tags, f'{name}.pv')}"
                for name in unknown
            ]
            raise ConfigError([Problem("", 0, 0, "", each) for each in texts])
        return [self.tags[name] for name in wanted]

    @property
    def shortest_scan_s(self) -> float:
        """The shortest scan interval of its connections, s."""
        return min((each.scan for each in self.connections.values()), default=1.0)

    def scan_s(self, tag: Tag) -> float:
        """Returns a tag's scan interval, by default its connection's, in seconds.

        That of a computed tag is its slowest input's.
        """
        if tag.computation:
            return max((self.scan_s(each) for each in self.measured([tag])), default=0.0)
        own = tag.scan_s
        return self.connections[tag.connection].scan if own is None else own

    def measured(self, tags: Iterable[Tag]) -> list[Tag]:
        """Returns the tags that devices have, those from which others are computed included."""
        return [tag for tag in self.needed(tags) if tag.computation is None]

    def needed(self, tags: Iterable[Tag]) -> list[Tag]:
        """Returns the tags and everything that computed ones need, each after what it needs."""
        found: dict[str, Tag] = {}

        def add(tag: Tag) -> None:
            if computation := tag.computation:
                clock = {self.clock_tag} - {""} if computation.past else set[str]()
                for name in (*clock, *computation.reads):
                    add(self.tags[name])
            found.setdefault(tag.name, tag)

        for tag in tags:
            add(tag)
        return list(found.values())

    def is_writable(self, tag: Tag) -> bool:
        """Whether a request may name the tag, on a connection with `write` and no heartbeat."""
        if not tag.writable:
            return False
        return bool(self.connections[tag.connection].write) and not self.is_heartbeat(tag)

    def is_heartbeat(self, tag: Tag) -> bool:
        """Whether the tag is the heartbeat of its equipment, which only the gate writes."""
        equipment = self.equipment.get(tag.equipment)
        heartbeat = equipment.heartbeat if equipment else None
        return heartbeat is not None and heartbeat.tag == tag.name

    def members_of(self, scope: str) -> tuple[str, ...]:
        """Returns all equipment of `site`, or a piece of equipment with its members, or nothing."""
        if scope == SITE_SCOPE:
            return tuple(self.equipment)
        found: dict[str, None] = {}
        open_: list[str] = [scope] if scope in self.equipment else []
        while open_:
            name = open_.pop(0)
            if name not in found:
                found[name] = None
                open_ += self.equipment[name].members
        return tuple(found)

    def scopes_of(self, equipment: str) -> tuple[str, ...]:
        """Returns every scope that covers a piece of equipment (or none), the widest first."""
        above = (
            name
            for name in self.equipment
            if name != equipment and equipment in self.members_of(name)
        )
        own = (equipment,) if equipment else ()
        return (SITE_SCOPE, *above, *own)


def find_site(given: Path | None) -> Path:
    """Finds the site as given, `HANDWHEEL_SITE` or the nearest above. Raises `ConfigError`.

    Effect: commands in messages name a site that was named. Retry: not needed. Timeout: none.
    """
    named = given or (Path(value) if (value := os.environ.get(SITE_VARIABLE)) else None)
    name_site(named)
    if named is not None:
        if not (named / SITE_FILE).exists():
            raise ConfigError.of("there is no such file", named / SITE_FILE)
        return named
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / SITE_FILE).is_file():
            return folder
    reason = (
        f"no {SITE_FILE} here or above; make a site with '{shell_command('init', 'DIR')}', "
        f"or name one with --site or {SITE_VARIABLE}"
    )
    raise ConfigError.of(reason)


def load_site_file(document: Document) -> SiteFile:
    """Returns the file with each connection checked by its connector.

    Raises:
        ConfigError: Every problem of the file, and then of the connections of other packages.
    """
    config = load_model(SiteFile, document)
    connections = made_of_each(
        lambda name: (name, with_connector(config.connections[name], name, document)),
        config.connections,
    )
    return config.model_copy(update={"connections": dict(connections)})


def load_site(root: Path) -> Site:
    """Reads and checks a site. Raises `ConfigError` with every problem of both files at once."""
    problems: list[Problem] = []
    site_document, config = _load(load_site_file, root / SITE_FILE, problems)
    tags_path = root / (config.tags if config else "tags.yaml")
    tag_document, tag_file = _load_tags(tags_path, problems)
    tags = {name: entry.build(name) for name, entry in tag_file.tags.items()} if tag_file else {}
    every = tags
    if config and config.notices:
        problems += check_notices(config.notices, site_document)
    if config:
        problems += check_models(config.models, config.planner, site_document)
    if config and tag_file:
        computed = ComputedChecks(config.equipment, tags, site_document)
        every = {**tags, **computed.tags()}
        found = [
            *check_tags(tags, config, tag_document),
            *check_equipment(every, config, site_document),
            *computed.problems,
            *check_clock(tags, config, site_document),
        ]
        if found and _is_missing(tags_path):  # then the site names tags that lie there
            _load(_tag_file, tags_path, problems)
        else:
            problems += found
    if problems or config is None:
        raise ConfigError(problems)
    hashes = {
        "site": site_document.sha256,
        "tags": tag_document.sha256,
        "policy": _file_hash(root / POLICY_FILE),
    }
    trust_root = config.trust.root if config.trust else ""
    state = (root / config.state).absolute()
    return Site(
        root,
        config.id,
        config.connections,
        every,
        config.equipment,
        trust_root,
        state,
        hashes,
        config.tags,
        config.clock.tag if isinstance(config.clock, PlantClock) else "",
        tuple(config.playbooks),
        config.plant,
        tuple(config.failure_modes),
        config.baseline,
        config.planner,
        config.twin,
        config.notices,
        config.supervision,
        config.processes,
        tuple(config.tools),
        tuple(config.models),
    )


def _load(
    load: Callable[[Document], _File], path: Path, problems: list[Problem]
) -> tuple[Document, _File | None]:
    document = Document(str(path))
    try:
        document = read_document(path)
        return document, load(document)
    except ConfigError as error:
        problems += error.problems
        return document, None


def _load_tags(path: Path, problems: list[Problem]) -> tuple[Document, TagFile | None]:
    """Returns the tags. A missing or empty file has none, as that of a site just begun."""
    if _is_missing(path):
        return Document(str(path)), TagFile(schema="tags/1")
    return _load(_tag_file, path, problems)


def _tag_file(document: Document) -> TagFile:
    is_empty = document.data is None
    return TagFile(schema="tags/1") if is_empty else load_model(TagFile, document)


def _is_missing(path: Path) -> bool:
    try:
        path.lstat()
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        return False  # reading it tells why
    return False


def _file_hash(path: Path) -> str:
    try:
        return sha256(read_regular(path)).hexdigest()
    except OSError:
        return ""
