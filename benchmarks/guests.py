"""Time of the agents' answer to one guest, alone and beside others that flood them."""

import socket
import sys
from collections.abc import Generator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from statistics import median
from subprocess import Popen
from tempfile import TemporaryDirectory
from time import perf_counter, sleep

from handwheel.tools.guardrails.client.guests_socket import GUESTS_SOCKET_FILE, NAME_HEADER

from .measure import p95
from .running_site import running_site

_WHAT = "guests: an answer of the agents to one guest"
_FLOODING = 15  # other guests, each a process
_EACH = 8  # questions in each repeat
_APART_S = 0.12  # so that none is one too many
_START_S = 3.0  # of the agents, and of the flood
_LARGEST = 65536
_MESSAGE = f"GET /v1/readings?tag=PT-102.pv HTTP/1.1\r\nHost: a\r\n{NAME_HEADER}: guest\r\n\r\n"
_FLOOD = f"""
import socket, sys
while True:
    with socket.socket(socket.AF_UNIX) as asked:
        asked.connect(sys.argv[1])
        for _ in range(20):
            asked.sendall({_MESSAGE.encode()!r})
            if not asked.recv({_LARGEST}):
                break
"""


def rows(repeats: int) -> list[tuple[str, str]]:
    """Returns the time alone, and its ratio to the time beside a flood."""
    with TemporaryDirectory() as folder, running_site(Path(folder)) as place, place.served("run"):
        path = str(place.site / "var" / GUESTS_SOCKET_FILE)
        sleep(_START_S)
        alone = _times(path, repeats)
        with _flood(path):
            sleep(_START_S)
            beside = _times(path, repeats)
    return [
        (f"{_WHAT}, median", f"{1e3 * median(alone):.1f} ms"),
        (f"{_WHAT}, 95 %", f"{1e3 * p95(alone):.1f} ms"),
        *(
            (f"{_WHAT} beside a flood of {_FLOODING}, {name}", f"{ratio:.1f} times that alone")
            for name, ratio in (
                ("median", median(beside) / median(alone)),
                ("95 %", p95(beside) / p95(alone)),
            )
        ),
    ]


@contextmanager
def _flood(path: str) -> Generator[None]:
    with ExitStack() as stack:
        for _ in range(_FLOODING):
            process = stack.enter_context(Popen([sys.executable, "-c", _FLOOD, path]))
            stack.callback(process.kill)
        yield


def _times(path: str, repeats: int) -> list[float]:
    with closing(socket.socket(socket.AF_UNIX)) as asked:
        asked.connect(path)
        return [_time_s(asked) for _ in range(_EACH * repeats)]


def _time_s(asked: socket.socket) -> float:
    sleep(_APART_S)
    start_s = perf_counter()
    asked.sendall(_MESSAGE.encode())
    answer = asked.recv(_LARGEST)
    took_s = perf_counter() - start_s
    assert answer.startswith(b"HTTP/1.1 200"), answer
    return took_s
