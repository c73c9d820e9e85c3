"""Processes at the other end of a Unix socket, and how often they may send."""

import pwd
from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from time import monotonic

from aiohttp import web

from ..client.gate_socket import peer_credentials


@dataclass(frozen=True, slots=True)
class Peer:
    """Process and OS user that have connected, as the kernel names them."""

    pid: int
    uid: int

    @property
    def user(self) -> str:
        """Name of the user, or the number where it has none."""
        return _name_of(self.uid)


@lru_cache(maxsize=64)
def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def peer_of(request: web.Request) -> Peer:
    """Returns who has sent a request. Raises `ConnectionResetError` if the connection is gone."""
    connected = request.get_extra_info("socket")
    if connected is None:
        raise ConnectionResetError("the connection is closed")
    return Peer(*peer_credentials(connected))


class MessageRate:
    """Counts the messages of each process in the last second.

    Args:
        at_most: Messages that one process may send in a second.
    """

    def __init__(self, at_most: int) -> None:
        self.at_most = at_most
        self._times_s: dict[Peer, deque[float]] = {}

    def admits(self, peer: Peer) -> bool:
        """Whether a process may send one more message now, which counts if so."""
        now_s = monotonic()
        times_s = self._times_s.get(peer)
        if times_s is None:
            self._forget(now_s)
            times_s = self._times_s[peer] = deque(maxlen=self.at_most)
        if len(times_s) == self.at_most and now_s - times_s[0] < 1.0:
            return False
        times_s.append(now_s)
        return True

    def _forget(self, now_s: float) -> None:
        for peer, times_s in list(self._times_s.items()):
            if now_s - times_s[-1] >= 1.0:
                del self._times_s[peer]
