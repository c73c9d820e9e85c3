"""Site that `handwheel up` serves, and its throw-away people."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.site import (
    LOCK_FILE,
    OPERATORS_FILE,
    POLICY_FILE,
    SITE_FILE,
    Site,
    load_site,
)
from handwheel.evaluation.plants.installed_plants import create_plant
from handwheel.tools.guardrails.identity.keys import create_key, key_path
from handwheel.tools.guardrails.identity.operators_yaml import with_trust_root
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.policy.policy import load_policy

from ...people.signing import Signer
from ...site.files.site_template import PlantEndpoints, write_site
from ..local_system.people import enroll_people
from ..served_plant import check_simulated

KEYS = "keys"
"""Folder of the keys of throw-away people, in that of what is temporary."""
PASSPHRASE = "throw-away"  # noqa: S105 (of keys that exist while `handwheel up` runs)

_LASTS = timedelta(hours=12)
_SCAN = "200 ms"
_NOT_COPIED = (OPERATORS_FILE, LOCK_FILE, "var", ".git", "__pycache__")


@dataclass(frozen=True, slots=True)
class SimulatedSite:
    """Folder of a site, and who works there."""

    root: Path
    original: Path  # folder whose files a person edits, of which the root may be a copy
    people: Mapping[str, Signer]  # throw-away, by name; empty if the site has its own

    def read_again(self) -> Site:
        """Returns the site with its present files, which a copy takes over.

        Raises:
            ConfigError: They are wrong, or a device is not simulated here; nothing is taken over.
        """
        edited = load_site(self.original)
        load_policy(edited)
        check_simulated(edited)
        if self.original == self.root:
            return edited
        trust_root = load_site(self.root).trust_root
        for folder in (each for each in self.root.iterdir() if each.is_dir()):
            if folder.name not in _NOT_COPIED:
                shutil.rmtree(folder)
        _copy(self.original, self.root)
        _trust(self.root, trust_root)
        return load_site(self.root)

    def edited_files(self) -> dict[str, tuple[float, int]]:
        """Returns time of change and size of the files that a person edits, by relative path."""
        site = load_site(self.root)
        found = [self.original / name for name in (SITE_FILE, site.tags_file, POLICY_FILE)]
        for entry in site.playbooks:
            found += (self.original / entry).glob("**/*.y*ml")
        known: dict[str, tuple[float, int]] = {}
        for path in found:
            if path.is_file():
                status = path.stat()
                name = os.path.relpath(path, self.original)
                known[name] = (status.st_mtime, status.st_size)
        return known


def make_site(
    folder: Path,
    model: str,
    ports: Mapping[str, int],
    secret: str,
    *,
    is_attended: bool = True,
) -> SimulatedSite:
    """Makes a site in a folder for a plant at these ports, with throw-away people.

    Args:
        is_attended: Whether people decide, and no script.
    """
    gate, is_unattended = ports["modbus_gate"], not is_attended
    link = PlantEndpoints(ports["opcua"], ports["modbus"], _SCAN, gate, unattended=is_unattended)
    root = folder / model
    write_site(root, create_plant(model), link, secret=secret)
    people = _throw_away_people(folder, root, is_attended=is_attended)
    return SimulatedSite(root, root, people)


def open_simulated_site(folder: Path, root: Path) -> SimulatedSite:
    """Returns an existing site, or a copy with throw-away people where it has none of its own.

    Raises:
        ConfigError: A device is not simulated on this machine, or the files are wrong.
    """
    root = root.absolute()
    site = load_site(root)
    check_simulated(site)
    if load_roster(site).operators:
        return SimulatedSite(root, root, {})
    if not site.state.is_relative_to(root):
        reason = "must lie in the site's folder, since the site is tried in a copy"
        raise ConfigError.of(reason, root / SITE_FILE, "state")
    copy = folder / root.name
    copy.mkdir()
    _copy(root, copy)
    return SimulatedSite(copy, root, _throw_away_people(folder, copy))


def _copy(original: Path, copy: Path) -> None:
    ignored = shutil.ignore_patterns(*_NOT_COPIED)
    shutil.copytree(original, copy, ignore=ignored, dirs_exist_ok=True)


def _trust(root: Path, fingerprint: str) -> None:
    text = with_trust_root(root / SITE_FILE, fingerprint)
    (root / SITE_FILE).write_bytes(text if isinstance(text, bytes) else text.encode())


def _throw_away_people(folder: Path, root: Path, *, is_attended: bool = True) -> dict[str, Signer]:
    """Enrols people whose keys lie in a folder of their own, for this process and its children."""
    keys, site_id = folder / KEYS, load_site(root).id
    keys.mkdir(mode=0o700)
    os.environ["XDG_CONFIG_HOME"] = str(keys)
    return enroll_people(
        root,
        attended=is_attended,
        make_key=lambda name: create_key(key_path(site_id, name), PASSPHRASE),
        lasts=_LASTS,
    )
