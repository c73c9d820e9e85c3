"""`handwheel up`: a plant, its processes and a console in one terminal."""

import os
from pathlib import Path

import pytest

from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.site import load_site
from handwheel.hmi.simulation.served_plant import check_simulated, plant_of
from handwheel.hmi.simulation.up.simulated_site import open_simulated_site
from handwheel.hmi.site.files.site_template import PlantEndpoints
from handwheel.tools.guardrails.identity.roster import load_roster

from ...command_line import handwheel
from ...plants.served import GATE_SECRET, site_of
from ..command_processes import Terminal, children, in_terminal, is_running

UP = ("-m", "handwheel.hmi", "up")


def _wait(terminal: Terminal, text: str) -> str:
    """Reads up to a text that was not read yet, and returns what stands before it."""
    terminal.read_until(text)
    before, _, terminal.written = terminal.written.partition(text)
    return before


@pytest.mark.timeout(180)
def test_up_leads_to_an_approved_write_and_leaves_nothing(tmp_path: Path) -> None:
    with in_terminal(*UP, temporary=tmp_path) as terminal:
        shown = _wait(terminal, "ben> ")
        assert len(shown.splitlines()) <= 10
        assert max(map(len, shown.splitlines())) <= 80 + len(str(tmp_path))
        processes = children(terminal.process.pid)
        assert len(processes) == 3
        terminal.type("propose P-101B.run_cmd=true\n")
        _wait(terminal, "next: approve ")
        name = _wait(terminal, "\r\n")
        _wait(terminal, "ben> ")
        terminal.type(f"approve {name}\n")
        _wait(terminal, "Type  P-101B start  to approve")
        _wait(terminal, "\r\n> ")  # what is typed before the question is dropped
        terminal.type("P-101B start\n")
        _wait(terminal, "every command is verified")
        _wait(terminal, "ben> ")
        terminal.type("fault F01\n")
        _wait(terminal, "fault F01")
        _wait(terminal, "ben> ")
        terminal.type("quip\x7f")
        assert "\\x" not in _wait(terminal, "bearing wear")  # keys and moves are no escapes
        _wait(terminal, "ben> qui")  # drawn again below the event
        terminal.type("t\n")
        assert terminal.exit_code() == 0
    assert terminal.written.rstrip().endswith("plant, gate and agents have ended")
    assert not any(map(is_running, processes))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("simulated: true, write", "write", "dcs: is not marked simulated: true"),
        ("127.0.0.1:4840", "10.0.0.7:4840", "dcs: 10.0.0.7 is not this machine"),
    ],
)
def test_a_device_that_is_not_simulated_here_is_refused(
    old: str, new: str, fault: str, tmp_path: Path
) -> None:
    site_of(tmp_path / "cw", PlantEndpoints())
    file = tmp_path / "cw/site.yaml"
    file.write_text(file.read_text().replace(old, new).replace("clock:", "#clock:"))
    with pytest.raises(ConfigError, match=fault):
        check_simulated(load_site(tmp_path / "cw"))


def test_a_site_without_people_is_copied_and_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "")
    monkeypatch.setattr("handwheel.tools.guardrails.identity.keys.KDF_ROUNDS", 16)
    original, folder = tmp_path / "cw", tmp_path / "temporary"
    folder.mkdir()
    site = site_of(original, PlantEndpoints(opcua=4001, modbus=4002, gate=4003))
    plant = plant_of(site)
    ports = (plant.opcua, plant.modbus, plant.modbus_gate)
    assert (plant.model, plant.secret, ports) == ("cw-100", GATE_SECRET, (4001, 4002, 4003))
    simulated = open_simulated_site(folder, original)
    assert load_roster(load_site(original)).operators == ()
    assert simulated.people.keys() == {"anna", "ben"}
    policy = original / "policy.yaml"
    policy.write_text(f"{policy.read_text()}# changed\n")
    assert simulated.read_again().hashes["policy"] == load_site(original).hashes["policy"]
    people = {each.person for each in load_roster(load_site(simulated.root)).operators}
    assert people == {"rosa", "anna", "ben"}
    assert os.environ["XDG_CONFIG_HOME"] == str(folder / "keys")


def test_up_needs_a_terminal() -> None:
    done = handwheel("up")
    assert (done.returncode, done.stdout) == (2, "")
    assert "needs a terminal" in done.stderr
