"""The reference's numbers are those of the code, and its commands print what it shows."""

# pyright: reportPrivateUsage=false

import asyncio
import os
import pwd
import re
from pathlib import Path
from shutil import which
from subprocess import PIPE

import pytest

from handwheel.agents.cases import intention
from handwheel.agents.cases.intention import LONGEST_AHEAD, MOST_OF_ACCOUNT
from handwheel.agents.guests import admission, guest_server, readings
from handwheel.agents.guests.followed_requests import LONGEST_WAIT_S
from handwheel.agents.guests.proposals import MOST_OPEN
from handwheel.agents.guests.readings import MOST_TAGS
from handwheel.tools.guardrails.socket_server import bodies

from ...project.pages.doc_tables import DOCS, sections, text_of
from .asking import Guests

PAGE = DOCS / "reference/guests-socket.md"
_COMMAND = re.compile(r"```text\n\$ (.*)\n(.*)\n```")
_PROCESS = re.compile(r'"pid": \d+')


def test_limits_of_the_page_are_those_of_the_code() -> None:
    limits, slowly_s = guest_server._LIMITS, admission._REFUSED_AFTER_S
    assert guest_server._READ_S == readings._PACE_S == 1.0 / 10
    assert guest_server._SURVEY_S == 1.0 / 2
    assert sections(PAGE)["Limits"] == [
        ("guests, each a process with a connection", f"{admission.MOST_GUESTS} at once"),
        (
            "messages of one guest",
            f"{admission.MOST_MESSAGES} a second; one more is answered after {slowly_s:g} s",
        ),
        ("size of a message", f"{guest_server.LARGEST // 1024} KiB"),
        ("time until its last byte", f"{bodies._PATIENCE_S:g} s"),
        (
            "readings of the plant for guests, proposals included",
            "one at a time, two a second",
        ),
        ("windows; readings of work orders", "ten a second each"),
        ("questions of one guest that wait for such a turn", "one of each kind"),
        (
            "connections of one guest",
            f"{limits.of_process}; one more is closed without an answer",
        ),
        (
            "connections of one account",
            f"{limits.of_user}; one more is closed without an answer",
        ),
        ("new connections of all guests together", f"{1 / guest_server._PAUSE_S:g} a second"),
    ]


@pytest.mark.parametrize(
    "words",
    [
        f"one reading for each `tag=`, at most {MOST_TAGS}:",
        f"in `slots` parts, by default 60, at most {readings._MOST_SLOTS} |",
        f"after `wait_s` seconds, at most {LONGEST_WAIT_S:g}.",
        f"At most {MOST_OPEN} of guests are open.",
        f"| {admission.MOST_GUESTS} are connected already |",
        f"stamp in UTC, 1 min to {LONGEST_AHEAD.days} days ahead |",
        f"At most {MOST_OF_ACCOUNT} of an account and {intention.MOST_OPEN} of all are open, and"
        f" an account records at most {intention.MOST_IN_HOUR} in an hour.",
    ],
)
def test_number_in_the_text_is_that_of_the_code(words: str) -> None:
    assert words in text_of(PAGE)


@pytest.mark.skipif(which("curl") is None, reason="curl is not here")
async def test_commands_of_the_page_print_what_it_shows(guests: Guests, tmp_path: Path) -> None:
    (tmp_path / "var").symlink_to(guests.room.site.state)
    user = pwd.getpwuid(os.geteuid()).pw_name
    commands = _COMMAND.findall(text_of(PAGE))
    assert len(commands) == text_of(PAGE).count("$ ")
    for command, shown in commands:
        asked = await asyncio.create_subprocess_shell(command, cwd=tmp_path, stdout=PIPE)
        printed = _PROCESS.sub('"pid": 24235', (await asked.communicate())[0].decode())
        here = shown.replace('"cooling"', f'"{guests.room.site.id}"')
        assert printed == here.replace('"lab"', f'"{user}"')
