"""asyncua's inner server, without what it does for a client before it knows who that is."""

from typing import Any, NoReturn

from asyncua import ua
from asyncua.server.internal_server import InternalServer
from asyncua.server.internal_session import InternalSession
from asyncua.ua.uaerrors import BadServiceUnsupported

from ..frames import FrameLog
from .rules import Accounts


class Sessions(InternalServer):
    """Keeps every session on the channel that created it, and registers no foreign server.

    asyncua binds a channel to the session whose token it names before it checks the
    identity, and tokens can be guessed: a viewer could go on as the gate.

    Args:
        accounts: Who may open a session.
        frames: Records refused registrations.
    """

    def __init__(self, accounts: Accounts, frames: FrameLog) -> None:
        super().__init__(user_manager=accounts)
        self._frames = frames

    def lookup_external_session(self, auth_token: ua.NodeId) -> InternalSession | None:
        """Returns no session: one whose channel was lost is opened anew."""
        del auth_token
        return None

    def register_server(self, server: Any, conf: Any = None) -> NoReturn:
        """Refuses RegisterServer, which asyncua lets anyone call."""
        del conf
        self._refuse("RegisterServer", server)

    def register_server2(self, params: ua.RegisterServer2Parameters) -> NoReturn:
        """Refuses RegisterServer2."""
        self._refuse("RegisterServer2", params.Server)

    def _refuse(self, service: str, server: Any) -> NoReturn:
        self._frames.record(
            {
                "protocol": "opcua",
                "user": "",
                "service": service,
                "body": str(server.ServerUri).encode().hex(),
                "answer": ["BadServiceUnsupported"],
            }
        )
        raise BadServiceUnsupported
