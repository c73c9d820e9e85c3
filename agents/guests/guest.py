"""Guest of the agents' socket, a process with an account and with claims about itself."""

from dataclasses import dataclass

from aiohttp import web

from handwheel.tools.errors import InvalidArguments
from handwheel.tools.guardrails.client.guests_socket import MODEL_HEADER, NAME_HEADER
from handwheel.tools.guardrails.socket_server.peers import Peer
from handwheel.tools.requests.proposer import Proposer, guest_proposer


@dataclass(frozen=True, slots=True)
class Guest:
    """Process that asks."""

    peer: Peer  # process and account, as the kernel names them
    proposer: Proposer  # with the account, and with name and model as it claims them

    @classmethod
    def of(cls, request: web.Request, peer: Peer) -> "Guest":
        """Returns the guest of a message. A name that could deceive raises `InvalidArguments`."""
        name = request.headers.get(NAME_HEADER, "")
        if not name:
            raise InvalidArguments(f"the message says no name; the header {NAME_HEADER} has it")
        return cls(peer, guest_proposer(name, peer.user, request.headers.get(MODEL_HEADER)))
