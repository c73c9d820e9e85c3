"""Services that a session may call.

These are all that read, and Write and Call, which are checked item by item. asyncua's default
rules let every user write.
"""

from contextvars import ContextVar
from typing import Any

from asyncua import ua
from asyncua.crypto.permission_rules import PermissionRuleset, User
from asyncua.ua.object_ids import ObjectIds

from ...frame_log import FrameLog
from ..node_ids import standard_node


def _request(service: str) -> ua.NodeId:
    return standard_node(getattr(ObjectIds, f"{service}Request_Encoding_DefaultBinary"))


_READING = frozenset(
    _request(service)
    for service in (
        "CloseSession", "ActivateSession", "Read", "Browse", "TranslateBrowsePathsToNodeIds",
        "CreateSubscription", "ModifySubscription", "DeleteSubscriptions",
        "CreateMonitoredItems", "ModifyMonitoredItems", "DeleteMonitoredItems", "SetMonitoringMode",
        "SetPublishingMode", "Publish", "Republish", "RegisterNodes", "UnregisterNodes",
    )
)  # fmt: skip
_CHECKED = frozenset({_request("Write"), _request("Call")})
_NAMES = {value: name for name, value in vars(ObjectIds).items() if isinstance(value, int)}

wire_body: ContextVar[bytes] = ContextVar("wire_body", default=b"")
"""The bytes of the write or call request that this connection's task is serving."""


class PlantRules(PermissionRuleset):
    """Allows every session to read, write and call.

    Our services check each item of a write or a call. Every other service is refused, for the
    gate too, and the refusal is logged.
    """

    def __init__(self, frames: FrameLog) -> None:
        self._frames = frames

    def check_validity(self, user: User, action_type: ua.NodeId, body: Any) -> bool:
        """Returns whether this user may call this service."""
        if action_type in _READING:
            return True
        request = body.copy()
        data: bytes = request.read(len(request))
        if action_type in _CHECKED:
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
