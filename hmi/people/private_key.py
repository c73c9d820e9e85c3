"""Opens the key with which a person signs at this terminal."""

from functools import partial
from pathlib import Path

from handwheel.connectors.model.site import Site
from handwheel.tools.guardrails.identity.key_files import take_next_key
from handwheel.tools.guardrails.identity.keys import (
    KeyFault,
    PrivateKey,
    fingerprint,
    key_path,
    load_key,
)
from handwheel.tools.guardrails.identity.roster import Operator

from ..shell.terminal.passphrase import with_passphrase


def open_key(site: Site, operator: Operator, passphrase_file: Path | None) -> PrivateKey:
    """Returns the private key of an enrolled person, and asks for its passphrase.

    Raises:
        NoPassphrase: There is neither file nor terminal, or nothing was typed.
        KeyFault: The key cannot be used, or is not the enrolled one.
    """
    path = key_path(site.id, operator.person)
    take_next_key(site.id, operator.person, operator.key_id)
    private = with_passphrase(operator.person, passphrase_file, partial(load_key, path))
    if fingerprint(private.public_key()) != operator.key_id:
        raise KeyFault(f"{path}: is not the enrolled key of {operator.person}")
    return private
