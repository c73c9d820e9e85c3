"""Who may do what on the OPC UA server: a viewer reads, the gate also writes values, nobody more.

asyncua's default rules let every user write and take `admin` with any password.
"""

import hmac
from contextvars import ContextVar
from typing import Any

from asyncua import ua
from asyncua.crypto.permission_rules import PermissionRuleset, User, UserRole
from asyncua.server.internal_server import InternalServer
from asyncua.server.user_managers import UserManager
from asyncua.ua.object_ids import ObjectIds

from ..frames import FrameLog
from .nodes import standard_node

VIEWER = "viewer"
GATE = "gate"

_READING = frozenset(
    standard_node(getattr(ObjectIds, f"{service}Request_Encoding_DefaultBinary"))
    for service in (
        "CloseSession", "ActivateSession", "Read", "Browse", "TranslateBrowsePathsToNodeIds",
        "CreateSubscription", "ModifySubscription", "DeleteSubscriptions",
        "CreateMonitoredItems", "ModifyMonitoredItems", "DeleteMonitoredItems", "SetMonitoringMode",
        "SetPublishingMode", "Publish", "Republish", "RegisterNodes", "UnregisterNodes",
    )
)  # fmt: skip
_WRITE = standard_node(ObjectIds.WriteRequest_Encoding_DefaultBinary)
_NAMES = {value: name for name, value in vars(ObjectIds).items() if isinstance(value, int)}

wire_body: ContextVar[bytes] = ContextVar("wire_body", default=b"")
"""The bytes of the write request that this connection's task is serving."""


class Accounts(UserManager):
    """Knows the gate by its secret; anyone without a name is a viewer.

    Args:
        gate_secret: The gate's password; without one nobody may write.
    """

    def __init__(self, gate_secret: str | None) -> None:
        self._gate_secret = gate_secret

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
        if self._gate_secret is None or username != GATE or password is None:
            return None
        if not hmac.compare_digest(password.encode(), self._gate_secret.encode()):
            return None
        return User(UserRole.User, GATE)


class PlantRules(PermissionRuleset):
    """Lets everyone read; a write goes on to the write service, which judges it item by item.

    Every other service is refused, for the gate too, and the refusal is logged.
    """

    def __init__(self, frames: FrameLog) -> None:
        self._frames = frames

    def check_validity(self, user: User, action_type: ua.NodeId, body: Any) -> bool:
        """Returns whether this user may call this service."""
        if action_type in _READING:
            return True
        request = body.copy()
        data: bytes = request.read(len(request))
        if action_type == _WRITE:
            wire_body.set(data)
            return True
        known = _NAMES.get(int(action_type.Identifier), str(action_type))
        service = known.partition("Request")[0]
        self._frames.record(
            {
                "protocol": "opcua",
                "user": user.name,
                "service": service,
                "body": data.hex(),
                "answer": ["BadUserAccessDenied"],
            }
        )
        return False
