"""A site on disk for a real plant: its files, its people, a gate that is in a hurry."""

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import pytest

from handwheel.connectors.model.site import Site, load_site
from handwheel.evaluation.trial.site import in_memory_site
from handwheel.hmi.site.files.site_template import PlantEndpoints
from handwheel.playbooks.language.loader import load_library
from handwheel.sim_plant.server.plant_server import PlantServer
from handwheel.sim_plant.simulation import Simulation
from handwheel.tools.guardrails.identity.operators_yaml import operators_text
from handwheel.tools.guardrails.identity.roster import Record
from handwheel.tools.guardrails.ledger.store.states import ActionState, RequestState
from handwheel.tools.guardrails.policy.policy import Policy, load_policy

from ..plants.served import link_of, site_of
from .people import key_id, record_of
from .released import BY_HAND, all_writes, release_library

PEOPLE: Mapping[str, str] = {
    "root": "administrator",
    "anna": "operator",
    "ben": "operator",
    "carl": "operator",
    "dora": "shift-supervisor",
}
IN_MEMORY = PlantEndpoints(1, 5020, "200 ms", 5021)
_YESTERDAY = datetime.now(UTC) - timedelta(days=1)
_GATE = "handwheel.tools.guardrails.gate.gate"
_READ_POLICY = (f"{_GATE}.load_policy", "handwheel.hmi.people.signing.load_policy")


def enrolled(site: Site, person: str, role: str = "", *, key: str = "", by: str = "root") -> Record:
    """A record that holds from yesterday to tomorrow."""
    return record_of(
        person, role or PEOPLE[person], issuer=by, start=_YESTERDAY, valid=timedelta(days=2),
        key=key, site_id=site.id,
    )  # fmt: skip


@dataclass(frozen=True)
class End:
    """Where an action came to rest, and why; the journal says the same."""

    action: ActionState
    request: RequestState
    reason: str


class PlantHandle(Protocol):
    """What a test may do with a plant, behind a server or in memory."""

    simulation: Simulation

    async def step(self, count: int = 1, /) -> None:
        """Lets the plant go on by so many steps."""


class SiteFolder:
    """A site as `handwheel init` writes it, with people, and with times that suit a test.

    Args:
        folder: What an earlier test has left there is replaced by the same site as new.
        server: A plant server; one in memory gives a site whose devices are in memory too.
    """

    def __init__(self, folder: Path, server: PlantHandle) -> None:
        self.server: Any = server
        unused = folder.with_name(f"{folder.name}-unused")
        if not unused.exists():
            self._write(folder)
            shutil.copytree(folder, unused)
        shutil.rmtree(folder)
        shutil.copytree(unused, folder)
        self.site = self._read(folder)

    def _write(self, folder: Path) -> None:
        is_served = isinstance(self.server, PlantServer)
        link = link_of(self.server, "200 ms") if is_served else IN_MEMORY
        self.site = site_of(folder, link)
        self.enrol(*(enrolled(self.site, person) for person in PEOPLE))
        trust = f'trust: {{root: "{key_id("root")}"}}'
        self.edit("site.yaml", "tags: tags.yaml", f"{trust}\ntags: tags.yaml")
        self.edit("tags.yaml", "readback: self", "readback: self, within: 300 ms")
        self.edit("policy.yaml", "cooldown: 10 s", "cooldown: 1 ms")
        self.edit("policy.yaml", r"(PIC-102.*cooldown:) 60 s", r"\1 1 ms")
        site = load_site(folder)
        release_library(site, load_library(site)[0], by="root", also=[all_writes(site, BY_HAND)])

    def enrol(self, *records: Record) -> None:
        """Writes who may decide, from now on."""
        (self.site.root / "operators.yaml").write_text(operators_text(records), encoding="utf-8")

    def edit(self, file: str, old: str, new: str) -> None:
        """Changes a file of the site on the disk; nobody has read it yet."""
        path = self.site.root / file
        text, count = re.subn(old, new, path.read_text(encoding="utf-8"))
        assert count
        path.write_text(text, encoding="utf-8")

    def reload(self) -> None:
        """Reads the files again, as every process does when it starts."""
        self.site = self._read(self.site.root)

    def _read(self, folder: Path) -> Site:
        read = known_site(folder)
        return read if isinstance(self.server, PlantServer) else in_memory_site(read)


def known_site(root: Path) -> Site:
    """Reads a site; the same files in the same place are read once in a test run."""
    files = [root / name for name in ("site.yaml", "tags.yaml", "policy.yaml")]
    if not all(each.is_file() for each in files):
        return load_site(root)
    return _site(root, *(each.read_bytes() for each in files))


@cache
def _site(root: Path, *_: bytes) -> Site:
    return load_site(root)


def known_policy(site: Site) -> Policy:
    """Reads a site's policy; the same file of the same site is read once in a test run."""
    path = site.root / "policy.yaml"
    text = path.read_bytes() if path.is_file() else b""
    key = f"{site.root} {sorted(site.hashes.items())} {text!r}"
    if key not in _policies:
        _policies[key] = load_policy(site)
    return _policies[key]


_policies: dict[str, Policy] = {}


def wire_of(frame: Mapping[str, Any]) -> str:
    """The bytes of a recorded write, as a request spells them."""
    if frame["protocol"] == "modbus":
        return f"{frame['unit']:02x}{frame['pdu']}"
    return str(frame["body"]).removeprefix("01000000")


def hasten(patch: pytest.MonkeyPatch) -> None:
    """Makes the gate look more often, and reads each policy once."""
    for name in _READ_POLICY:
        patch.setattr(name, known_policy)
    for name, seconds in (("_POLL_S", 0.02), ("_AFTER_FAULT_S", 0.1)):
        patch.setattr(f"{_GATE}.{name}", seconds)
