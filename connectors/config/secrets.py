"""Passwords and keys from the environment or a file, never from the site file."""

import os
from pathlib import Path
from typing import Annotated

from ..errors import NotConnected, os_reason
from .validation import spelled

SecretPlace = Annotated[
    str, spelled(r"env:[A-Za-z_][A-Za-z0-9_]*|file:.+", "write env:NAME or file:PATH")
]
"""Place of a password or key."""


def resolve_secret(reference: str, root: Path, endpoint: str) -> str:
    """Returns the password to which `env:NAME` or `file:PATH` (relative to `root`) leads.

    Raises:
        NotConnected: The variable is unset, or the file is missing, empty or open to others. It
            names the endpoint.
    """
    kind, _, name = reference.partition(":")
    if kind == "env":
        value = os.environ.get(name, "")
        if not value:
            raise NotConnected({endpoint: f"the environment variable {name} is not set"})
        return value
    path = root / name
    try:
        value = read_private(path, endpoint).decode().strip()
    except UnicodeDecodeError:
        raise NotConnected({endpoint: f"the secret {path} is not UTF-8"}) from None
    if not value:
        raise NotConnected({endpoint: f"the secret {path} is empty"})
    return value


def read_private(path: Path, endpoint: str) -> bytes:
    """Returns a file that only its owner can read, else raises `NotConnected` for the endpoint."""
    try:
        mode = path.stat().st_mode
        content = path.read_bytes()
    except OSError as error:
        raise NotConnected({endpoint: f"the secret {path}: {os_reason(error)}"}) from None
    if mode & 0o077:
        raise NotConnected({endpoint: f"the secret {path} is open to others: chmod 600 it"})
    return content
