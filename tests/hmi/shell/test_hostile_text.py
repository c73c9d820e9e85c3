"""Text of devices, site files and playbooks that would steer a terminal."""

import json
from collections.abc import Generator
from hashlib import sha256
from pathlib import Path

import pytest

from handwheel.connectors.modbus import connector as modbus
from handwheel.connectors.model.site import load_site
from handwheel.connectors.opcua import connector as opcua
from handwheel.connectors.session.protocols import BrowseEntry, Description
from handwheel.hmi.site.files.site_template import PlantEndpoints
from handwheel.playbooks.execution.ledger_writer import LedgerWriter
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.policy.policy import load_policy
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.requests.canonical import signed_bytes
from handwheel.tools.requests.timestamps import instant_now

from ...command_line import HANDWHEEL, handwheel
from ...plants.devices.scripted import Device
from ...plants.served import site_of
from ...playbooks.sample_playbook import GOOD, written
from ..command_processes import in_terminal
from ..runs.run_site import FIRST, OPENING, RUN, Place

HOSTILE = "\x1b[2J\x1b[1;31m\x9b2J\u202e\u2066\u200b\U000e0041"
IN_YAML = HOSTILE.encode("unicode_escape").decode()
COMMANDS = {
    "tags list": "", "tags read": "x1b", "tags browse dcs": "x1b", "check": "",
    "check --online": "x1b", "policy explain PT-102.pv=3": "u202e",
    "playbook lint playbooks": "", "playbook show playbooks/p.yaml": "u202e",
    "requests list": "",
    f"requests show {FIRST}": "", "runs list": "", f"runs show {RUN}": "x1b",
    f"runs show {RUN} --json": "u001b", "journal tail": "", "journal tail --json": "u001b",
    "journal export": "u009b", "journal export --format csv": "x1b",
    "journal export --format report": "", "journal verify": "", "authority list": "",
    "operator list": "",
}  # fmt: skip
"""Commands, and the form in which the text comes, if it comes."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    """A site whose devices, files and run all contain the hostile text."""
    root = tmp_path_factory.mktemp("hostile") / "site"
    site = site_of(root, PlantEndpoints(1, 2, gate=3))
    for name, old, new in (
        ("tags.yaml", "maintenance: 2}", f'maintenance: 2, "{IN_YAML}": 3}}'),
        ("tags.yaml", "unit: kPa", f'unit: "kPa{IN_YAML}"'),
        ("policy.yaml", "forbid:", f'forbid:\n  - {{tags: [PT-102.pv], reason: "{IN_YAML}"}}'),
    ):
        text = (root / name).read_text(encoding="utf-8")
        assert old in text
        (root / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    (root / "playbooks").mkdir(exist_ok=True)
    written(root / "playbooks", GOOD.replace("Start the standby pump", f'"{IN_YAML}"'))
    said = {"PIC-102.mode": Description("Int16", members={HOSTILE: 1, "b": 3})}
    device = Device({"P-101A.mode": 3}, said, {"": [BrowseEntry("i=1", HOSTILE, "object")]})

    def connector(*_: object) -> Device:
        return device

    with Database(site.state, site.id) as database, pytest.MonkeyPatch.context() as patch:
        patch.setattr(modbus, "ModbusConnector", connector)
        patch.setattr(opcua, "OpcuaConnector", connector)
        read = load_site(root)  # its files were written since
        context = DecisionContext(read, database, load_policy(read), load_roster(read))
        writer = LedgerWriter.take(context, instant_now)
        place = Place(site, database, writer, instant_now)
        log = place.log()
        body: dict[str, object] = {**OPENING, "title": HOSTILE, "condition": HOSTILE}
        log.open("test/pumps", ("PUMPS-101",), body)
        place.ask(log)
        database.close()  # the commands read the file, since no gate runs
        yield root


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_lets_text_steer_a_terminal(root: Path, command: str) -> None:
    done = handwheel(*command.split(), cwd=root)
    text = done.stdout + done.stderr
    assert text.replace("\r\n", "\n").replace("\n", "").isprintable()
    assert COMMANDS[command] in text
    assert "Traceback" not in text


def test_at_a_terminal_no_text_of_a_playbook_comes_raw(root: Path) -> None:
    command = ("playbooks", "show", str(root / "playbooks/p.yaml"), "--site", str(root))
    with in_terminal(*HANDWHEEL[1:], *command) as terminal:
        assert terminal.exit_code() == 0
        title = terminal.written.splitlines()[0]
    assert title.endswith(f": {IN_YAML}")


def test_an_exported_row_still_gives_its_hash(root: Path) -> None:
    lines = handwheel("journal", "export", cwd=root).stdout.splitlines()
    rows = [json.loads(line) for line in lines[1:]]
    assert any("u202e" in line for line in lines)
    for row in rows:
        found = row.pop("hash")
        text = json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        assert sha256(signed_bytes("journal", text)).hexdigest() == found
