"""What holds for every test: loopback only, no left-over task, no silently lost exception."""

import asyncio
import gc
import logging
import os
import shutil
import signal
import socket
import sys
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from handwheel.connectors.hints import name_site
from handwheel.connectors.model.site import Site
from handwheel.tools.guardrails.identity import keys

from .attacks import control_cases

# A deadline for each example would measure how busy the machine is.
settings.register_profile("handwheel", deadline=None)
settings.register_profile("long", deadline=None, max_examples=5000)
settings.load_profile("handwheel")

# A ledger waits for the disk at every row: in a folder in memory it makes the same calls.
_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 1_000_000_000
if os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM_BYTES:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))

# With asyncua, pydantic and langgraph loaded the collector would look through all of them again
# and again. `no_lost_exception` collects after each module.
gc.set_threshold(100_000, 20, 50)

# The background job of a shell script ignores Ctrl-C, and so would all processes of the tests.
signal.signal(signal.SIGINT, signal.default_int_handler)

_KDF_ROUNDS = keys.KDF_ROUNDS
_USUAL_S = 120.0  # of the time limit of a test
_DEPTH = len(Path(__file__).parent.parts)
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@pytest.fixture(autouse=True, scope="session")
def loopback_only() -> Generator[None]:
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6} and address[0] not in _LOOPBACK:
            pytest.fail(f"a test connects to {address[0]}, not to loopback")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Takes all folders side by side: some wait for clocks and sockets while others compute.

    Files that may take minutes are not left for the end, where the others would wait for them.
    """
    folders: dict[Path, list[Path]] = {}
    for file in dict.fromkeys(item.path for item in items):
        folders.setdefault(Path(*file.parts[: _DEPTH + 1]), []).append(file)
    place = {
        file: (n + 0.5) / len(each) for each in folders.values() for n, file in enumerate(each)
    }
    for file in {item.path for item in items if _may_take_s(item) > _USUAL_S}:
        place[file] *= 0.5
    items.sort(key=lambda item: place[item.path])


def _may_take_s(item: pytest.Item) -> float:
    mark = item.get_closest_marker("timeout")
    return float(mark.args[0]) if mark else 0.0


def pytest_collection_finish() -> None:
    """Builds what all servers have, and takes it and all imports out of the collector's sight."""
    if "asyncua.server.internal_server" in sys.modules:
        from .plants.standard_nodes import build_once

        build_once()
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def low_cost_keys() -> Generator[None]:
    """Derives keys with one round, here and in child processes: 64 take half a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys, "KDF_ROUNDS", 1)
        patch.setenv("PYTHONPATH", str(Path(__file__).parent / "child_processes"))
        yield


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A new site of the simulated plant, for tests that only read it."""
    from handwheel.hmi.site.files.site_template import PlantEndpoints

    from .plants.served import site_of

    return site_of(tmp_path_factory.mktemp("site"), PlantEndpoints(1, 2, gate=3))


@pytest.fixture
def real_key_derivation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "KDF_ROUNDS", _KDF_ROUNDS)


@pytest.fixture(autouse=True)
async def no_task_left() -> AsyncGenerator[None]:
    before = asyncio.all_tasks()
    yield
    for _ in range(20):
        if not _others(before):
            return
        await asyncio.sleep(0.01)
    pytest.fail(f"left-over tasks: {_others(before)}")


def _others(before: set[asyncio.Task[Any]]) -> set[asyncio.Task[Any]]:
    return asyncio.all_tasks() - before - {asyncio.current_task()}


class _Errors(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


@pytest.fixture(autouse=True, scope="module")
def no_lost_exception() -> Generator[None]:
    # asyncio only logs an exception that nobody retrieved, when the task is collected.
    errors = _Errors()
    logger = logging.getLogger("asyncio")
    logger.addHandler(errors)
    yield
    gc.collect()
    gc.freeze()  # what lives on, such as modules and caches, need not be looked through again
    logger.removeHandler(errors)
    assert errors.texts == []


@pytest.fixture(autouse=True, scope="module")
def no_named_site() -> None:
    name_site(None)  # that a command of an earlier module has left to messages


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None]:
    control_cases.note(item)
    yield
    still = control_cases.lacking(item, nextitem)
    assert still == [], "tries a way in, and none of its cases ended with a frame at the plant"


def pytest_xdist_auto_num_workers() -> int | None:
    """One more worker than cores, because many tests wait for a plant or a clock."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    return len(os.sched_getaffinity(0)) + 1
