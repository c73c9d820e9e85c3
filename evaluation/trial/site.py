"""Site of a trial in memory, with people who have keys there and with released playbooks."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

from handwheel.connectors.config.yaml_documents import read_content
from handwheel.connectors.errors import ConfigError, Problem
from handwheel.connectors.model.endpoints import (
    ConnectionConfig,
    ModbusConnection,
    ReadPort,
    WritePort,
)
from handwheel.connectors.model.site import LOCK_FILE, OPERATORS_FILE, POLICY_FILE, SITE_FILE, Site
from handwheel.connectors.model.tags import Computation, Encoding, Kind, RegisterAddress, Table, Tag
from handwheel.playbooks.binding.bindings import Bindings
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.binding.release import unsigned_release
from handwheel.playbooks.binding.step_model import Manual
from handwheel.playbooks.language.loader import Playbook
from handwheel.tools.guardrails.identity.enrolment import Enrolment, make_record
from handwheel.tools.guardrails.identity.keys import PrivateKey, fingerprint
from handwheel.tools.guardrails.identity.operators_yaml import operators_text
from handwheel.tools.guardrails.identity.roster import ADMINISTRATOR as _ADMINISTRATOR
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.policy.policy import Policy, build_policy, read_policy
from handwheel.tools.guardrails.signatures.playbooks_lock import (
    PlaybooksLock,
    Unsigned,
    read_lock,
    release_fault,
    sign_release,
)
from handwheel.tools.guardrails.signatures.signing import Signer

_HOST = "127.0.0.1"
_TAGS_FILE, _STATE, _PACKAGE = "tags.yaml", "var", "package:"
_CHANGED = "it changed while the site was being read: start again"
_ENCODINGS: Mapping[Kind, Encoding] = {
    "bool": "bit", "float": "float64", "int": "int64", "enum": "int64", "string": "string",
}  # fmt: skip
_TEXT_REGISTERS = 64
_TABLES: Mapping[tuple[bool, bool], Table] = {
    (True, True): "coil", (True, False): "discrete",
    (False, True): "holding", (False, False): "input",
}  # fmt: skip


def in_memory_site(site: Site) -> Site:
    """Returns the same site with its tags on Modbus devices in memory.

    Scan times, units, ranges, equipment and readbacks stay. A tag without registers gets
    some that hold its values exactly; a text of one can be read there and not written.
    """
    ports = count(1, 2)
    connections = {
        name: _in_memory(config, next(ports)) for name, config in site.connections.items()
    }
    return replace(site, connections=connections, tags=dict(_moved(site)))


def _in_memory(config: ConnectionConfig, port: int) -> ModbusConnection:
    device = ModbusConnection(kind="modbus", host=_HOST)
    if isinstance(config, ModbusConnection):
        device = config
    changes: dict[str, Any] = {
        "host": _HOST,
        "scan": config.scan,
        "timeout": config.timeout,
        "simulated": True,
        "read": ReadPort(port=port),
        "write": WritePort(port=port + 1) if config.write else None,
    }
    return device.model_copy(update=changes)


def _moved(site: Site) -> Iterator[tuple[str, Tag]]:
    used = dict.fromkeys(((name, table) for name in site.connections for table in _TABLES), 0)
    for name, tag in site.tags.items():
        if isinstance(tag.address, RegisterAddress | Computation):
            yield name, tag
            continue
        key = tag.kind == "bool", tag.writable
        length = _TEXT_REGISTERS if tag.kind == "string" else 0
        place = tag.connection, key
        address = RegisterAddress(_TABLES[key], used[place], _ENCODINGS[tag.kind], length=length)
        used[place] += address.count
        yield name, replace(tag, address=address)


def simulated_policy(site: Site, room: Site) -> Policy:
    """Returns a site's policy for its devices in memory, as if it said `unattended: simulated`.

    Every other rule holds as it stands, also one that forbids nodes or registers by their address.

    Args:
        site: The site as its user wrote it.
        room: The same from `in_memory_site`.

    Raises:
        ConfigError: The policy is missing, has changed since the site was read, or is not valid;
            with every problem.
    """
    path = site.root / POLICY_FILE
    document = read_policy(path)
    if document.sha256 != site.hashes["policy"]:
        raise ConfigError([Problem(str(path), 0, 0, "", _CHANGED)])
    if isinstance(document.data, dict):
        document.data["unattended"] = "simulated"
    simulated: dict[str, Any] = {"simulated": True}
    connections = {
        name: config.model_copy(update=simulated) for name, config in site.connections.items()
    }
    return build_policy(document, replace(site, connections=connections)).moved_to(room.tags)


def copied_site(site: Site, folder: Path) -> Site:
    """Copies the files of a site to a folder, and returns the site there, with its own state.

    The gate compares requests with these files. Playbooks and failure modes stay where they are.

    Raises:
        ConfigError: A file has changed since the site was read, or cannot be read.
        OSError: The folder cannot be written.
    """
    files = {"site": (SITE_FILE, SITE_FILE), "policy": (POLICY_FILE, POLICY_FILE)}
    files["tags"] = site.tags_file, _TAGS_FILE
    for name, (file, copied) in files.items():
        content = read_content(site.root / file)
        if sha256(content).hexdigest() != site.hashes[name]:
            raise ConfigError([Problem(str(site.root / file), 0, 0, "", _CHANGED)])
        (folder / copied).write_bytes(content)
    state = folder / _STATE
    state.mkdir()
    return replace(
        site, root=folder, state=state, tags_file=_TAGS_FILE,
        playbooks=_there(site, site.playbooks),
        failure_modes=_there(site, site.failure_modes),
    )  # fmt: skip


def _there(site: Site, names: Sequence[str]) -> tuple[str, ...]:
    """Returns files of a site by their place there, and packages by their name."""
    root = site.root.absolute()
    return tuple(each if each.startswith(_PACKAGE) else str(root / each) for each in names)


ADMINISTRATOR = "rosa"
"""Person who enrols the others of a room, and has released its playbooks."""
OPERATORS = ("anna", "ben")
"""People who hold every role that the policy or a playbook names, if no others are named."""

_OPERATOR = "operator"
_BEFORE = timedelta(days=1)
_LASTS = timedelta(days=365)


def asked_roles(site: Site, policy: Policy, plans: Sequence[BoundPlaybook]) -> list[str]:
    """Returns every role that is asked for here."""
    found = {role for tag in site.tags.values() for role in policy.roles_for(tag)}
    for plan in plans:
        manual = (step.work.sign_off for step in plan.steps if isinstance(step.work, Manual))
        asked = (plan.approval, *(step.own_approval for step in plan.steps), *manual)
        found |= {each.role for each in asked if each is not None}
    return sorted(found or {_OPERATOR})


def enrol(
    site: Site, roles: Mapping[str, Sequence[str]], administrator: str, now: datetime
) -> tuple[Site, dict[str, PrivateKey]]:
    """Enrols people at a site for a year, and returns the site and their keys.

    Args:
        site: From `copied_site`; its `operators.yaml` is written anew.
        roles: The roles of each person, as the policy names them.
        administrator: Name of another person, who enrols the others and releases lockouts.
        now: Wall time at which they are enrolled already.

    Raises:
        OSError: The folder cannot be written.
    """
    keys = {person: PrivateKey.generate() for person in (administrator, *roles)}
    root, start = keys[administrator], now - _BEFORE
    held = {
        administrator: (_ADMINISTRATOR,),
        **{name: tuple(each) for name, each in roles.items()},
    }
    records = [
        make_record(site.id, Enrolment(name, each, start, start + _LASTS), keys[name], root)
        for name, each in held.items()
    ]
    (site.root / OPERATORS_FILE).write_text(operators_text(records), encoding="utf-8")
    return replace(site, trust_root=fingerprint(root.public_key())), keys


def carry_over_releases(
    site: Site, room: Site, administrator: Signer, revoked_keys: AbstractSet[str], at: datetime
) -> list[str]:
    """Releases in a room what is released at its site, and returns the ids of these playbooks.

    The room's people are others than the site's, so its administrator signs each release again.
    Every other playbook is an unreleased plan there too.

    Args:
        site: The site as its user has it.
        room: The site of the room, after `enrol`.
        revoked_keys: Ids of the keys that are revoked at the site.
        at: Time at which a release must count at the site.

    Raises:
        ConfigError: `playbooks.lock` or `operators.yaml` of the site cannot be read.
        OSError: The room's folder cannot be written.
    """
    roster = load_roster(site)
    released = [
        Unsigned.model_validate(each.model_dump(include=set(Unsigned.model_fields)))
        for each in read_lock(site).playbooks
        if not release_fault(each, site.id, roster, revoked_keys, at)
    ]
    _write_lock(room, released, administrator)
    return [each.id for each in released]


def release_all(
    room: Site, bindings: Bindings, playbooks: Sequence[Playbook], administrator: Signer
) -> None:
    """Releases playbooks in a room, whether or not they are released anywhere else.

    Args:
        bindings: Of the room's site, or of the same site in another room.

    Raises:
        PlaybookError: One does not fit the site.
        OSError: The room's folder cannot be written.
    """
    _write_lock(
        room, [unsigned_release(each, bindings, playbooks) for each in playbooks], administrator
    )


def _write_lock(room: Site, released: Iterable[Unsigned], administrator: Signer) -> None:
    operator, private = administrator.operator, administrator.private
    signed = [sign_release(each, room.id, operator, private, operator.start) for each in released]
    lock = PlaybooksLock(playbooks=[]).replaced(signed)
    (room.root / LOCK_FILE).write_text(lock.text, encoding="utf-8")
