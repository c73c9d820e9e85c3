"""Accounts of viewers, and of the gate and the operators with a password."""

import hmac
from collections.abc import Mapping
from typing import Any

from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.internal_server import InternalServer
from asyncua.server.user_managers import UserManager

VIEWER = "viewer"
GATE = "gate"
OPERATOR = "operator"

WRITERS = frozenset({GATE})
ACKNOWLEDGERS = frozenset({GATE, OPERATOR})


class Accounts(UserManager):
    """Checks the passwords of accounts, with a viewer for a client without a user name.

    asyncua's default accepts `admin` with any password; here no account is an administrator.
    """

    def __init__(self, passwords: Mapping[str, str]) -> None:
        self._passwords = passwords

    def get_user(
        self,
        iserver: InternalServer,
        username: str | None = None,
        password: str | None = None,
        certificate: Any = None,
    ) -> User | None:
        """Returns the user, or `None`, which refuses the session."""
        if username is None:
            return User(UserRole.Anonymous, VIEWER)
        secret = self._passwords.get(username)
        if secret is None or password is None:
            return None
        if not hmac.compare_digest(password.encode(), secret.encode()):
            return None
        return User(UserRole.User, username)
