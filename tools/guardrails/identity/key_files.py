"""Key files of a person for a site, in use, next and old.

The next one lies beside the one in use until an administrator has signed a record for it. It
then takes its place when the key is opened next. No key is ever deleted or overwritten.
"""

import os
from hashlib import sha256
from pathlib import Path

from handwheel.connectors.errors import os_reason

from ...atomic_files import sync_folder
from .keys import KeyFault, PrivateKey, create_key, key_id_of_file, key_path

# No person's name gives a key file with these endings.
_NEXT, _OLD = ".next", ".old-"
_DIGITS = 12


def next_key_path(site_id: str, person: str) -> Path:
    """Returns the path of the next key."""
    path = key_path(site_id, person)
    return path.with_name(f"{path.name}{_NEXT}")


def new_key_path(site_id: str, person: str) -> Path:
    """Returns the path for a new key, that of the next key if one is in use.

    A next key that exists already raises `KeyFault`.
    """
    path, following = key_path(site_id, person), next_key_path(site_id, person)
    if following.exists():
        raise KeyFault(
            f"{following}: there is a next key already; have an administrator vouch for it, or "
            "move it away"
        )
    return following if path.exists() else path


def create_own_key(site_id: str, person: str, passphrase: str) -> tuple[PrivateKey, Path]:
    """Creates a person's key, or the next one. Returns it and its path, or raises `KeyFault`."""
    path = new_key_path(site_id, person)
    return create_key(path, passphrase), path


def take_next_key(site_id: str, person: str, key_id: str) -> Path | None:
    """Replaces the key in use by the next one if the person is enrolled with that.

    Returns:
        The path of the old key now; `None` if there was none, or nothing was changed.

    Raises:
        KeyFault: The old key cannot be moved.
    """
    path, following = key_path(site_id, person), next_key_path(site_id, person)
    if key_id_of_file(following) != key_id or key_id_of_file(path) == key_id:
        return None
    try:
        aside = _put_aside(path)
        following.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise KeyFault(f"{path}: cannot be put aside: {os_reason(error)}") from None
    return aside


def _put_aside(path: Path) -> Path | None:
    if not path.exists():
        return None
    digits = sha256(path.read_bytes()).hexdigest()[:_DIGITS]
    aside = path.with_name(f"{path.name}{_OLD}{digits}")
    if not aside.exists():  # else it is this file, from before a crash
        os.link(path, aside)
    return aside
