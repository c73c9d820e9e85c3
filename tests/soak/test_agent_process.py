"""An agent of LangGraph and a simulated site, each as processes: forged, killed, approved."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from handwheel.testing import RunningSite

from ..command_line import handwheel

ROOT = Path(__file__).parents[2]


def _agent(folder: Path, file: Path, stage: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "tests.soak.agent_process", str(folder), str(file), stage]
    return subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=False)


def _requests(folder: Path) -> list[tuple[str, list[str]]]:
    """State of each request, with those of its writes."""
    listed = handwheel("requests", "list", "--all", "--json", "--site", str(folder))
    return [
        (each["state"], [action["state"] for action in each["actions"]])
        for each in json.loads(listed.stdout)
    ]


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_a_killed_and_forged_agent_writes_once_when_approved(tmp_path: Path) -> None:
    file = tmp_path / "checkpoints.db"
    with RunningSite("cw-100", approve_after="2 min") as running:
        assert _agent(running.folder, file, "file").returncode == -signal.SIGKILL
        forged = _agent(running.folder, file, "forge")
        assert (forged.stdout.strip(), forged.stderr) == ("350.0", "")
        assert _requests(running.folder) == [("PENDING", ["PLANNED"])]
        followed = _agent(running.folder, file, "follow")
        assert " COMPLETE, every command is verified" in followed.stdout, followed.stderr
        assert _requests(running.folder) == [("CLOSED", ["VERIFIED"])]
