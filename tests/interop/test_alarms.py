"""node-opcua's client on the alarms of a plant, and open62541's over encrypted channels."""

import json
import shutil
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest

from handwheel.sim_plant.cw100.tags import TAGS
from handwheel.sim_plant.model import Node
from handwheel.sim_plant.server.opcua.access.certificates import open_identity

from .clients import Conversation, OpcuaClient, Plant, standing_plant, viewer_of
from .servers import MODULES, node_with

pytestmark = pytest.mark.interop

CLIENT_URI = "urn:handwheel:test:client"


def identity(folder: Path) -> tuple[str, str]:
    return str(folder / "certificate.der"), str(folder / "private-key.pem")


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
def viewer(plant: Plant, folder: Path) -> OpcuaClient:
    return viewer_of(plant, folder)


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


def test_an_alarm_arrives_is_acknowledged_and_comes_again(plant: Plant, folder: Path) -> None:
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
        plant.command(
            "fault F01,d0=0.6,tau=1e8"
        )  # at once over the alarm's limit, never to the trip's
        plant.command("speed 600")
        event = json.loads(operator.ask("next"))
        assert {name: event[name] for name in ALARM} == ALARM
        assert event["Time"] == event["ReceiveTime"]
        assert event["Message"].startswith("VT-101A high: 5.")
        assert operator.ask("acknowledge\twe change over") == "Good"
        acked = json.loads(operator.ask("next"))
        told = {
            "AckedState.Id": True, "AckedState": "Acknowledged", "Comment": "we change over",
            "ClientUserId": "operator",
        }  # fmt: skip
        assert {name: acked[name] for name in ALARM} == ALARM | told
        assert operator.ask("refresh") == "Good"
        names = [json.loads(operator.ask("next"))["ConditionName"]]
        while "VAH-101A" not in names:
            names.append(json.loads(operator.ask("next"))["ConditionName"])

        plant.command("speed 0")
        plant.own_values()  # past the last tick
        names = [tag.name for tag in TAGS if isinstance(tag.address, Node)]
        got = json.loads(operator.ask("\t".join(["sample", *(f"ns=1;s={n}" for n in names)])))
        own = plant.own_values()
        assert got == [["Good", own[name]] for name in names]


ALARM = {
    "EventType": "ns=0;i=9482", "SourceName": "VT-101A", "Severity": 500, "LastSeverity": 500,
    "ConditionName": "VAH-101A", "ConditionId": "ns=1;s=VAH-101A", "BranchId": "ns=0;i=0",
    "Retain": True, "EnabledState": "Enabled", "EnabledState.Id": True,
    "AckedState": "Unacknowledged", "AckedState.Id": False, "ActiveState": "Active",
    "ActiveState.Id": True, "ConditionClassId": "ns=0;i=11164",
    "ConditionClassName": "ProcessConditionClassType", "Comment": None, "ClientUserId": "",
    "HighLimit": 5.0, "LowLimit": None, "InputNode": "ns=0;i=0",  # on Modbus
}  # fmt: skip
