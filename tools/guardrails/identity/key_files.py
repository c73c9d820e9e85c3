"""A person's key files for a site: the one in use, the next one, and those from before.

The next one waits beside the one in use until an administrator has vouched for it. Whoever opens
the key then puts it in its place and the old one aside: no key is ever deleted or written over.
"""

import os
from hashlib import sha256
from pathlib import Path

from handwheel.connectors.errors import os_reason

from ...atomic_files import sync_folder
from .keys import KeyFault, PrivateKey, create_key, key_id_of_file, key_path

# No person's key file ends so, whatever their name is.
_NEXT, _OLD = ".next", ".old-"
_DIGITS = 12


def next_key_path(site_id: str, person: str) -> Path:
    """Returns where a key lies that is to follow the one in use."""
    path = key_path(site_id, person)
    return path.with_name(f"{path.name}{_NEXT}")


def new_key_path(site_id: str, person: str) -> Path:
    """Returns where a new key belongs: into its place, or beside the key that is there.

    Raises:
        KeyFault: A next key waits already.
    """
    path, following = key_path(site_id, person), next_key_path(site_id, person)
    if following.exists():
        raise KeyFault(
            f"{following}: there is a next key already; have an administrator vouch for it, or "
            "move it away"
        )
    return following if path.exists() else path


def create_own_key(site_id: str, person: str, passphrase: str) -> tuple[PrivateKey, Path]:
    """Makes a person's key, or their next one; returns it and where it lies.

    Raises:
        KeyFault: It cannot be made, or a next key waits already.
    """
    path = new_key_path(site_id, person)
    return create_key(path, passphrase), path


def take_next_key(site_id: str, person: str, key_id: str) -> Path | None:
    """Puts the next key in its place if it is the one that counts now.

    Args:
        key_id: Of the key with which the person is enrolled.

    Returns:
        Where the old key lies now; `None` if there was none, or nothing was changed.

    Raises:
        KeyFault: The old one cannot be put aside.
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
    if not aside.exists():  # else it is this very file, from before a crash
        os.link(path, aside)
    return aside
