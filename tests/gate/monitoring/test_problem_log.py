"""What holds the gate up is said once when it begins, and once when it goes on."""

import asyncio
import logging
import socket
from collections.abc import Callable

import pytest

from handwheel.connectors.errors import NotConnected
from handwheel.tools.problem_log import ProblemLog

from ..testbed.served import World

pytestmark = pytest.mark.usefixtures("plant")

START = "P-101B.run_cmd=true"


def test_a_trouble_is_said_when_it_begins_changes_and_ends(
    caplog: pytest.LogCaptureFixture,
) -> None:
    troubles = ProblemLog("tests.troubles", logging.ERROR, "goes on")
    for name, trouble in [
        ("acting", ""), ("acting", "full"), ("watching", ""), ("acting", "full"),
        ("acting", "broken"), ("watching", "lost"), ("acting", ""), ("acting", ""),
    ]:  # fmt: skip
        troubles(name, trouble)
    assert caplog.messages == [
        "acting: full", "acting: broken", "watching: lost", "acting: goes on",
    ]  # fmt: skip


async def test_a_device_that_cannot_be_reached_is_said_once(
    idle: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "handwheel.tools.guardrails.gate")
    await idle.propose(START)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        idle.edit("site.yaml", r"(read: *\{port: )\d+", rf"\g<1>{port}")
        await idle.start()
        for _ in range(200):
            if any(each.startswith("reading pkg: ") for each in caplog.messages):
                break
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.5)
    said = [each for each in caplog.messages if each.startswith("reading pkg: ")]
    assert len(said) == 1
    assert "refused" in said[0]


async def test_a_gate_whose_password_cannot_be_used_does_not_start(idle: World) -> None:
    secret = idle.site.root / "secrets" / "dcs-gate"
    changes: list[tuple[Callable[[], object], str]] = [
        (lambda: secret.chmod(0o644), "is open to others: chmod 600 it"),
        (secret.unlink, "no such file"),
    ]
    for change, reason in changes:
        password = secret.read_bytes()
        change()
        with pytest.raises(NotConnected, match=reason):
            await idle.start()
        secret.write_bytes(password)
        secret.chmod(0o600)
    await idle.start()
    await idle.go_through(START)
