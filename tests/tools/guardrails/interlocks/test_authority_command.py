"""`handwheel authority` as a person types it."""

import json
from pathlib import Path
from typing import Any

import pytest

from ....plants.served import handwheel
from ....sites.authority_site import OTHER, PUMP, PUMPS
from ....sites.in_memory import make_site


def test_the_commands_show_take_and_refuse(tmp_path: Path) -> None:
    make_site(tmp_path)
    where = f"--site={tmp_path}"

    def shown() -> dict[str, dict[str, Any]]:
        done = handwheel("authority", "show", where, "--json")
        assert (done.returncode, done.stderr) == (0, "")
        return {each["equipment"]: each for each in json.loads(done.stdout)}

    assert {name: each["mode"] for name, each in shown().items()} == dict.fromkeys(
        ["site", PUMPS, PUMP, OTHER], "OPERATOR"
    )
    done = handwheel("authority", "take", PUMPS, "--to", "maintenance", where)
    assert (done.returncode, done.stdout) == (0, "taken: PUMPS-101 is MAINTENANCE\n")
    pump = shown()[PUMP]
    assert (pump["mode"], pump["scope"], pump["agents"]) == ("MAINTENANCE", PUMPS, False)
    lines = handwheel("authority", "show", where).stdout.splitlines()
    assert lines[0] == "site       OPERATOR     never granted"
    assert lines[2].startswith("P-101A     MAINTENANCE  by ")
    assert lines[2].endswith(", with PUMPS-101")
    rows = handwheel("journal", "tail", where, "--json").stdout.splitlines()
    assert json.loads(rows[-1])["body"]["by"] == "user"


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["take", "P-999"], 2, "there is no equipment 'P-999' at this site; known: site, "),
        (["take", PUMP, "--to", "agent"], 2, "'agent' is not one of"),
        (["give", PUMP, "--as", "anna"], 2, "Missing option '--for'"),
        (["give", PUMP, "--for", "8", "--as", "anna"], 2, "--for: '8' is no duration"),
        (["give", PUMP, "--for", "31d", "--as", "anna"], 2, "--for: must lie between 1 s and 30 d"),
        (["give", "P-999", "--for", "8h", "--as", "anna"], 2, "there is no equipment 'P-999'"),
        (["give", PUMP, "--for", "8h", "--as", "boss"], 1, "boss is no operator of this site"),
        (
            ["give", PUMP, "--for", "8h", "--as", "max"],
            1,
            "max lacks a role that is needed",
        ),
    ],
)
def test_wrong_words_are_one_clear_message(
    tmp_path: Path, words: list[str], code: int, reason: str
) -> None:
    make_site(tmp_path)
    done = handwheel("authority", *words, f"--site={tmp_path}")
    assert (done.returncode, done.stdout) == (code, "")
    assert f"handwheel: {reason}" in done.stderr or reason in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
