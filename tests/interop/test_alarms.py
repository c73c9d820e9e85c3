"""open62541's client on the alarms of a plant whose bearing wears, over encrypted channels."""

import base64
import json
import shutil
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from handwheel.sim_plant.cw100.tags import TAGS
from handwheel.sim_plant.model import Node
from handwheel.sim_plant.server.opcua.access.certificates import open_identity

from .clients import Conversation, OpcuaClient, Plant, standing_plant, uaevents, viewer_of
from .servers import MODULES, node_with

pytestmark = pytest.mark.interop

CLIENT_URI = "urn:handwheel:test:client"
WORN = "F01,d0=0.6,tau=1e8"  # at once over the alarm's limit, and never to the trip's


def identity(folder: Path) -> tuple[str, str]:
    return str(folder / "certificate.der"), str(folder / "private-key.pem")


@dataclass(frozen=True)
class Events:
    """How `uaevents` is started against the plant of this module."""

    program: Path
    plant: Plant
    folder: Path

    def as_user(self, name: str, mode: str = "SignAndEncrypt") -> Conversation:
        secret = self.folder / "server" / f"{name}.secret"
        password = secret.read_text(encoding="utf-8").strip() if name else ""
        account = (name, password, *identity(self.folder / "client"), mode)
        return Conversation([self.program, self.plant.endpoint, *account])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("alarms")


@pytest.fixture(scope="module")
def plant(folder: Path) -> Generator[Plant]:
    with standing_plant(folder, "--no-noise", "--identity", str(folder / "server")) as plant:
        open_identity(folder / "client", CLIENT_URI)
        trusted = folder / "server/trusted/client.der"
        shutil.copy(folder / "client/certificate.der", trusted)
        yield plant


@pytest.fixture(scope="module")
def events(plant: Plant, folder: Path) -> Events:
    return Events(uaevents(folder), plant, folder)


@pytest.fixture(scope="module")
def viewer(plant: Plant, folder: Path) -> OpcuaClient:
    return viewer_of(plant, folder)


def plain(event: str) -> dict[str, Any]:
    """An event's fields, out of open62541's JSON of variants."""
    return {name: _body(variant) for name, variant in json.loads(event).items()}


def _body(variant: Any) -> Any:
    if not variant:
        return None
    body = variant.get("Body")
    match variant["Type"]:
        case 17:  # NodeId
            return None if body in ({"Id": 0}, None) else body["Id"]
        case 21:  # LocalizedText
            return body["Text"] if body else None
        case 15:  # ByteString
            return base64.b64decode(body)
        case _:
            return body


def calls(plant: Plant) -> Sequence[tuple[str, Sequence[str]]]:
    return [(f["user"], f["answer"]) for f in plant.frames if f["service"] == "Call"]


def test_an_alarm_arrives_is_acknowledged_and_comes_again(plant: Plant, events: Events) -> None:
    with events.as_user("") as viewer, events.as_user("operator", "Sign") as operator:
        for client in (viewer, operator):
            assert client.hear() == "Good"
            assert client.ask("subscribe") == "Good"
        plant.command(f"fault {WORN}")
        plant.command("speed 600")
        event = plain(viewer.ask("next"))
        assert {name: event[name] for name in ALARM} == ALARM
        assert event["Message"].startswith("VT-101A high: 5.")
        assert event["Message"].endswith(" mm/s, limit 5 mm/s")
        assert len(event["EventId"]) == 16
        assert event["Time"] == event["ReceiveTime"]

        assert viewer.ask("acknowledge let me") == "BadUserAccessDenied"
        assert plain(operator.ask("next")) == event
        assert operator.ask("acknowledge we change over") == "Good"
        assert operator.ask("acknowledge again") == "BadConditionBranchAlreadyAcked"
        assert calls(plant) == [
            ("viewer", ["BadUserAccessDenied"]),
            ("operator", ["Good"]),
            ("operator", ["BadConditionBranchAlreadyAcked"]),
        ]
        acked = plain(viewer.ask("next"))
        told = {
            "AckedState/Id": True, "AckedState": "Acknowledged", "Retain": True,
            "Comment": "we change over", "ClientUserId": "operator",
        }  # fmt: skip
        assert {name: acked[name] for name in ALARM} == ALARM | told

        assert viewer.ask("refresh") == "Good"
        start, again, end = (plain(viewer.ask("next")) for _ in range(3))
        assert (start["EventType"], end["EventType"]) == (2787, 2788)
        assert again == acked
        assert viewer.ask("acknowledge once more") == "BadUserAccessDenied"


ALARM = {
    "EventType": 9482, "SourceName": "VT-101A", "Severity": 500, "ConditionName": "VAH-101A",
    "ConditionId": "VAH-101A", "BranchId": None, "Retain": True, "EnabledState": "Enabled",
    "EnabledState/Id": True, "AckedState": "Unacknowledged", "AckedState/Id": False,
    "ActiveState": "Active", "ActiveState/Id": True, "ConditionClassId": 11164,
    "ConditionClassName": "ProcessConditionClassType", "LastSeverity": 500, "Comment": None,
    "ClientUserId": "", "HighLimit": 5.0, "LowLimit": None,
    "InputNode": None,  # on Modbus
}  # fmt: skip


def test_the_gate_writes_over_security_and_a_client_that_is_not_trusted_gets_no_channel(
    plant: Plant, viewer: OpcuaClient, folder: Path
) -> None:
    setpoint = [("ns=1;s=PIC-102.sp", "Double", "351")]
    open_identity(folder / "stranger", CLIENT_URI)
    for mode in ("Sign", "SignAndEncrypt"):
        ours, others = ((*identity(folder / each), mode) for each in ("client", "stranger"))
        gate = replace(viewer, account=("gate", "turn the wheel", *ours))
        assert replace(viewer, account=("", "", *ours)).write(setpoint) == ["BadUserAccessDenied"]
        assert gate.write(setpoint) == ["Good"], mode
        wrong = replace(viewer, account=("gate", "wrong", *ours))
        assert wrong.connect() == "BadUserAccessDenied", mode
        assert replace(viewer, account=("", "", *others)).connect() != "Good", mode
    assert viewer.connect() == "Good"


def test_node_opcua_sees_and_does_the_same(plant: Plant, folder: Path) -> None:
    node = node_with("node-opcua-client")
    secret = (folder / "server/operator.secret").read_text(encoding="utf-8").strip()
    # It writes a certificate of its own below the home folder.
    environment = {"NODE_PATH": str(MODULES), "HOME": str(folder)}
    program = Path(__file__).with_name("nodeprobe.js")
    command: list[str | Path] = [node, program, plant.endpoint, "operator", secret]
    with Conversation(command, environment) as operator:
        assert operator.hear() == "Good"
        assert operator.ask("subscribe") == "Good"
        assert operator.ask("write\tns=1;s=PIC-102.sp\t340") == "BadUserAccessDenied"
        plant.command("fault F02,plug=15")
        plant.command("speed 600")
        event = json.loads(operator.ask("next"))
        assert {name: event[name] for name in PLUGGED} == PLUGGED
        assert operator.ask("acknowledge\twe clean it") == "Good"
        acked = json.loads(operator.ask("next"))
        assert (acked["AckedState.Id"], acked["Comment"]) == (True, "we clean it")
        assert operator.ask("refresh") == "Good"
        names = [json.loads(operator.ask("next"))["ConditionName"]]
        while "PDAH-101" not in names:
            names.append(json.loads(operator.ask("next"))["ConditionName"])

        plant.command("speed 0")
        plant.own_values()  # past the last tick
        names = [tag.name for tag in TAGS if isinstance(tag.address, Node)]
        got = json.loads(operator.ask("\t".join(["sample", *(f"ns=1;s={n}" for n in names)])))
        own = plant.own_values()
        assert got == [["Good", own[name]] for name in names]


PLUGGED = {
    "EventType": "ns=0;i=9482", "SourceName": "PDT-101", "ConditionName": "PDAH-101",
    "ConditionId": "ns=1;s=PDAH-101", "Severity": 200, "Retain": True, "AckedState.Id": False,
    "ActiveState.Id": True, "HighLimit": 25.0,
}  # fmt: skip
