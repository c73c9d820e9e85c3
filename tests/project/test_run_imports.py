"""What a started `handwheel run` has loaded: eyes, but no hand."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from handwheel.hmi.site.files.site_template import PlantEndpoints

from ..command_line import HANDWHEEL
from ..forked_process import ForkedProcess
from ..plants.served import site_of

# Runs the command as it is, and tells its modules once both protocols' readers are at work.
_PROBE = """
import json, os, sys, threading, time
from handwheel.hmi.__main__ import main

def tell():
    wanted = {"handwheel.connectors.opcua.connector", "handwheel.connectors.modbus.connector"}
    until = time.monotonic() + 120.0
    while not wanted <= sys.modules.keys() and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(1.0)
    print("\\n" + json.dumps(sorted(sys.modules)), flush=True)
    os._exit(0)

threading.Thread(target=tell, daemon=True).start()
sys.argv = ["handwheel", "run", "--site", sys.argv[1]]
main()
"""


@pytest.mark.timeout(300)
def test_a_started_run_loads_no_gate_session_or_room(tmp_path: Path) -> None:
    site_of(tmp_path / "cw", PlantEndpoints(scan="50 ms"))
    gate = [*HANDWHEEL, "gate", "--json", "--site", str(tmp_path / "cw")]
    read, write = os.pipe()  # held open: its end would end the command
    try:
        with ForkedProcess(gate, cwd=tmp_path) as running:
            assert json.loads(running.stdout.readline())["ready"] == "gate"
            done = subprocess.run(
                [sys.executable, "-c", _PROBE, str(tmp_path / "cw")],
                stdin=read,
                capture_output=True,
                text=True,
                timeout=200,
                check=True,
            )
    finally:
        os.close(read)
        os.close(write)
    modules = set(json.loads(done.stdout.splitlines()[-1]))
    assert {"handwheel.connectors.opcua.connector", "langgraph.graph"} <= modules  # it did start
    hands = (
        "handwheel.connectors.actuation", "handwheel.tools.guardrails.gate",
        "handwheel.evaluation",
    )  # fmt: skip
    assert [name for name in modules if name.startswith(hands)] == []
