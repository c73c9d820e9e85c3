"""`handwheel authority` as a person types it."""

import json
from pathlib import Path
from typing import Any

import pytest

from ....hmi.command_in_process import said_by
from ....sites.authority_site import OTHER, PUMP, PUMPS
from ....sites.in_memory import make_site


def test_commands_show_and_take_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_site(tmp_path)
    where, handwheel = f"--site={tmp_path}", said_by(capsys)

    def shown() -> dict[str, dict[str, Any]]:
        code, out, error = handwheel("authority", "show", where, "--json")
        assert (code, error) == (0, "")
        return {each["equipment"]: each for each in json.loads(out)}

    assert {name: each["mode"] for name, each in shown().items()} == dict.fromkeys(
        ["site", PUMPS, PUMP, OTHER], "OPERATOR"
    )
    done = handwheel("authority", "take", PUMPS, "--to", "maintenance", where)
    assert done[:2] == (0, "taken: PUMPS-101 is MAINTENANCE\n")
    pump = shown()[PUMP]
    assert (pump["mode"], pump["scope"], pump["agents"]) == ("MAINTENANCE", PUMPS, False)
    lines = handwheel("authority", "show", where)[1].splitlines()
    assert lines[0] == "site       OPERATOR     never granted"
    assert lines[2].startswith("P-101A     MAINTENANCE  by ")
    assert lines[2].endswith(", with PUMPS-101")
    rows = handwheel("journal", "tail", where, "--json")[1].splitlines()
    assert json.loads(rows[-1])["body"]["by"] == "user"


def test_wrong_words_are_one_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_site(tmp_path)
    for words, code, reason in [
        (["take", "P-999"], 2, "there is no equipment 'P-999' at this site; known: site, "),
        (["take", PUMP, "--to", "agent"], 2, "'agent' is not one of"),
        (["give", PUMP, "--as", "anna"], 2, "Missing option '--for'"),
        (["give", PUMP, "--for", "8", "--as", "anna"], 2, "--for: '8' is no duration"),
        (["give", PUMP, "--for", "31d", "--as", "anna"], 2, "--for: must lie between 1 s and 30 d"),
        (["give", "P-999", "--for", "8h", "--as", "anna"], 2, "there is no equipment 'P-999'"),
        (["give", PUMP, "--for", "8h", "--as", "boss"], 1, "boss is no operator of this site"),
        (["give", PUMP, "--for", "8h", "--as", "max"], 1, "max lacks a role that is needed"),
    ]:
        done = said_by(capsys)("authority", *words, f"--site={tmp_path}")
        assert done[:2] == (code, ""), words
        assert f"handwheel: {reason}" in done[2] or reason in done[2].splitlines()[-1], words
