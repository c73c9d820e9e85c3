"""Alarms as OPC UA conditions: events, acknowledgement, refresh, and who may do which."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from asyncua import ua
from asyncua.client.client import Client
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.uaerrors import UaStatusCodeError

from handwheel.sim_plant.cw100.plant import create
from handwheel.sim_plant.model import namespace_uri
from handwheel.sim_plant.scenario import Scenario
from handwheel.sim_plant.server.opcua.node_ids import plant_node, standard_node
from handwheel.sim_plant.server.plant_server import Options, PlantServer
from handwheel.sim_plant.simulation import Simulation

from ....plants.served import frames_of
from ...stepping import go_on
from .alarm_client import NS, acknowledge, call, client_of, listen, number

LOG = "frames.jsonl"
REFRESH = standard_node(ObjectIds.ConditionType_ConditionRefresh)
REFRESH_2 = standard_node(ObjectIds.ConditionType_ConditionRefresh2)
CONDITION_TYPE = standard_node(ObjectIds.ConditionType)
PLUGGED = {"plug": 15.0}
ALARM_AFTER_STEPS = 125  # PDAH-101 waits for 60 s


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("alarms")


@pytest.fixture(scope="module")
async def served_plant(folder: Path) -> AsyncGenerator[PlantServer]:
    options = Options(0, 0, 0, 0.0, None, folder / LOG, folder / "identity")
    async with PlantServer(Simulation(create(None), Scenario()), options) as server:
        yield server


@pytest.fixture
async def server(served_plant: PlantServer) -> PlantServer:
    """A warm plant whose strainer has just been plugged, with an operator's account."""
    plant = served_plant.simulation.plant
    plant.restore(create(None).snapshot())
    plant.inject("F02", PLUGGED)
    await served_plant.step(0)
    return served_plant


def insider(server: PlantServer, folder: Path, user: str) -> AbstractAsyncContextManager[Client]:
    secret = (folder / "identity" / f"{user}.secret").read_text() if user else ""
    return client_of(server, user, secret.strip())


async def test_an_alarm_arrives_is_acknowledged_and_comes_again_by_refresh(
    server: PlantServer, folder: Path
) -> None:
    async with client_of(server) as viewer, insider(server, folder, "operator") as operator:
        assert await viewer.get_namespace_index(namespace_uri("cw-100")) == NS
        subscription, inbox = await listen(viewer)
        await server.step(ALARM_AFTER_STEPS)
        event = await inbox.next()
        measured = plant_node("PDT-101.pv", NS)
        expected: dict[str, Any] = {
            "EventType": standard_node(ObjectIds.ExclusiveLevelAlarmType),
            "SourceNode": measured,
            "SourceName": "PDT-101",
            "Severity": 200,
            "ConditionName": "PDAH-101",
            "NodeId": plant_node("PDAH-101", NS),
            "BranchId": ua.NodeId(),
            "Retain": True,
            "EnabledState/Id": True,
            "AckedState/Id": False,
            "ActiveState/Id": True,
            "InputNode": measured,
            "HighLimit": 25.0,
            "Quality": ua.StatusCode(),
            "ConditionClassId": standard_node(ObjectIds.ProcessConditionClassType),
            "LimitState/CurrentState/Id": standard_node(
                ObjectIds.ExclusiveLimitStateMachineType_High
            ),
        }
        assert {name: event[name] for name in expected} == expected
        assert event["Message"].Text.startswith("PDT-101 high: 6")
        assert event["Message"].Text.endswith(" kPa, limit 25 kPa")
        assert event["Time"] == event["ReceiveTime"]

        values = server.simulation.values()
        assert await acknowledge(operator, "PDAH-101", event["EventId"]) == "Good"
        assert server.simulation.values() == values
        acked = await inbox.next()
        assert acked["EventId"] != event["EventId"]
        assert (acked["AckedState/Id"], acked["Retain"]) == (True, True)
        assert (acked["Comment"].Text, acked["ClientUserId"]) == ("seen", "operator")
        for path, value in (("EventId", acked["EventId"]), ("Retain", True), ("Severity", 200)):
            node = operator.get_node(plant_node(f"PDAH-101/{path}", NS))
            assert await node.read_value() == value

        wanted, lines = number(subscription.subscription_id), len(frames_of(folder / LOG))
        assert await call(viewer, CONDITION_TYPE, REFRESH, wanted) == "Good"
        start, condition, end = [await inbox.next() for _ in range(3)]
        assert start["EventType"] == standard_node(ObjectIds.RefreshStartEventType)
        assert condition == acked
        assert end["EventType"] == standard_node(ObjectIds.RefreshEndEventType)
        assert inbox.is_empty
        assert len(frames_of(folder / LOG)) == lines, "a refresh moves nothing: no line"


async def test_who_may_acknowledge_and_what(server: PlantServer, folder: Path) -> None:
    async with (
        client_of(server) as viewer,
        insider(server, folder, "operator") as operator,
        insider(server, folder, "gate") as gate,
    ):
        _, inbox = await listen(viewer)
        await server.step(ALARM_AFTER_STEPS)
        seen = (await inbox.next())["EventId"]
        tries = [
            (viewer, "PDAH-101", seen, "BadUserAccessDenied"),
            (operator, "PDAH-101", b"x" * 16, "BadEventIdUnknown"),
            (operator, "PAL-102", seen, "BadEventIdUnknown"),
            (operator, "PDT-101.pv", seen, "BadNodeIdUnknown"),
            (gate, "PDAH-101", seen, "Good"),
            (operator, "PDAH-101", seen, "BadConditionBranchAlreadyAcked"),
        ]
        mark = len(frames_of(folder / LOG))
        for client, alarm, event_id, answer in tries:
            before = server.simulation.plant.snapshot()
            assert await acknowledge(client, alarm, event_id) == answer
            assert (server.simulation.plant.snapshot() != before) is (answer == "Good")
        frames = frames_of(folder / LOG)[mark:]
        users = {viewer: "viewer", operator: "operator", gate: "gate"}
        assert [
            (f["service"], f["user"], f["items"][0]["object"], f["answer"]) for f in frames
        ] == [
            ("Call", users[client], f"ns=1;s={alarm}", [answer])
            for client, alarm, _, answer in tries
        ]
        assert all(seen.hex() in frame["body"] for frame in frames[2:])


async def test_what_returned_unseen_is_retained_until_it_is_acknowledged(
    server: PlantServer, folder: Path
) -> None:
    plant = server.simulation.plant
    async with insider(server, folder, "operator") as operator:
        _, inbox = await listen(operator)
        await server.step(ALARM_AFTER_STEPS)
        first = await inbox.next()
        plant.act("clean-strainer")
        await server.step(ALARM_AFTER_STEPS)
        cleared = await inbox.next()
        assert (cleared["ActiveState/Id"], cleared["Retain"]) == (False, True)
        assert cleared["LimitState/CurrentState/Id"] == ua.NodeId()
        plant.inject("F02", PLUGGED)
        await server.step(ALARM_AFTER_STEPS)
        back = await inbox.next()
        for old in (first, cleared):
            answer = await acknowledge(operator, "PDAH-101", old["EventId"])
            assert answer == "BadEventIdUnknown", "who saw an earlier alarm has not seen this one"
        for plug in (1.0, 15.0):  # between two scans of the server
            plant.inject("F02", {"plug": plug})
            go_on(ALARM_AFTER_STEPS, server.simulation)
        await server.step()
        once_more = await inbox.next()
        assert await acknowledge(operator, "PDAH-101", back["EventId"]) == "BadEventIdUnknown"

        plant.act("clean-strainer")
        await server.step(ALARM_AFTER_STEPS)
        assert (await inbox.next())["Retain"] is True
        assert await acknowledge(operator, "PDAH-101", once_more["EventId"]) == "Good"
        assert (await inbox.next())["Retain"] is False


async def test_a_refresh_goes_to_the_subscription_that_asked(
    server: PlantServer, folder: Path
) -> None:
    async with client_of(server) as one, client_of(server) as other:
        ours, inbox = await listen(one)
        theirs, other_inbox = await listen(other, plant_node("Basin", NS))
        await server.step(ALARM_AFTER_STEPS)
        assert (await inbox.next())["EventId"] == (await other_inbox.next())["EventId"]
        await ours.subscribe_events(ObjectIds.Server, [ObjectIds.ExclusiveLevelAlarmType])
        elsewhere, tower = await listen(other, plant_node("Tower", NS))
        asked = number(elsewhere.subscription_id)
        assert await call(other, CONDITION_TYPE, REFRESH, asked) == "Good"
        assert [(await tower.next())["ConditionName"] for _ in range(2)] == [None, None]
        assert tower.is_empty, "the alarm is not of this area"

        mine, foreign = number(ours.subscription_id), number(theirs.subscription_id)
        cases: list[tuple[tuple[Any, ...], str]] = [
            ((CONDITION_TYPE, REFRESH, foreign), "BadSubscriptionIdInvalid"),
            ((CONDITION_TYPE, REFRESH, number(9999)), "BadSubscriptionIdInvalid"),
            ((CONDITION_TYPE, REFRESH), "BadArgumentsMissing"),
            ((CONDITION_TYPE, REFRESH, mine, mine), "BadTooManyArguments"),
            ((CONDITION_TYPE, REFRESH, ua.Variant("x")), "BadInvalidArgument"),
            ((plant_node("PDAH-101", NS), REFRESH, mine), "BadMethodInvalid"),
            ((CONDITION_TYPE, REFRESH_2, mine, number(1)), "BadMonitoredItemIdInvalid"),
            ((CONDITION_TYPE, REFRESH_2, mine, number(inbox.item)), "Good"),
        ]
        for arguments, answer in cases:
            assert await call(one, *arguments) == answer, arguments
        assert [(await inbox.next())["Retain"] for _ in range(3)] == [None, True, None]
        assert inbox.is_empty, "the second item did not ask"
        assert await call(one, CONDITION_TYPE, REFRESH, mine) == "Good"
        assert [(await inbox.next())["Retain"] for _ in range(6)] == [None, True, None] * 2
        assert other_inbox.is_empty


CALLS = [
    (CONDITION_TYPE, standard_node(ObjectIds.ConditionType_Disable)),
    (plant_node("PDAH-101", NS), standard_node(ObjectIds.ConditionType_Disable)),
    (plant_node("PDAH-101", NS), standard_node(ObjectIds.ConditionType_AddComment)),
    (standard_node(ObjectIds.Server), standard_node(ObjectIds.Server_ResendData)),
    (standard_node(ObjectIds.Server), plant_node("nothing", NS)),
]


@pytest.mark.parametrize("user", ["", "operator", "gate"])
async def test_every_other_call_and_write_stays_refused(
    server: PlantServer, folder: Path, user: str
) -> None:
    async with insider(server, folder, user) as client:
        before, mark = server.simulation.plant.snapshot(), len(frames_of(folder / LOG))
        for node, method in CALLS:
            assert await call(client, node, method) == "BadUserAccessDenied"
        frames = frames_of(folder / LOG)[mark:]
        assert [frame["answer"] for frame in frames] == [["BadUserAccessDenied"]] * len(CALLS)
        if user != "gate":
            setpoint = client.get_node(plant_node("PIC-102.sp", NS))
            with pytest.raises(UaStatusCodeError, match="BadUserAccessDenied"):
                await setpoint.write_value(340.0, ua.VariantType.Double)
        assert server.simulation.plant.snapshot() == before


async def test_a_transmitters_trouble_is_off_normal(
    server: PlantServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with client_of(server) as viewer:
        _, inbox = await listen(viewer)
        plant = server.simulation.plant
        plant.inject("SENSOR-BAD", {"sensor": "TT-105"})
        await server.step(ALARM_AFTER_STEPS)
        event = next(
            e for e in [await inbox.next(), await inbox.next()] if e["SourceName"] == "TT-105"
        )
        assert event["EventType"] == standard_node(ObjectIds.OffNormalAlarmType)
        assert event["InputNode"] == plant_node("TT-105.pv", NS)
        assert event["Quality"].name == "BadSensorFailure"
        assert (event["HighLimit"], event["LowLimit"]) == (None, None)
        read: Any = await viewer.get_node(plant_node("TT-105.pv", NS)).read_data_value(False)
        assert read.StatusCode.name == "BadSensorFailure"
        plant.inject("SENSOR-BAD", {"sensor": "TT-105"}, 0.0)
        await server.step(2)
        read = await viewer.get_node(plant_node("TT-105.pv", NS)).read_data_value()
        assert read.Value.Value == server.simulation.values()["TT-105.pv"]
        monkeypatch.setattr(plant, "qualities", lambda: {"TT-105.pv": "uncertain"})
        await server.step()
        read = await viewer.get_node(plant_node("TT-105.pv", NS)).read_data_value(False)
        assert read.StatusCode.name == "UncertainSensorNotAccurate"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
async def test_after_a_restart_an_alarm_is_there_for_who_refreshes(folder: Path) -> None:
    simulation = Simulation(create(None), Scenario())
    simulation.plant.inject("F02", PLUGGED)
    go_on(ALARM_AFTER_STEPS, simulation)
    options = Options(0, 0, 0, 0.0, None, Path("/dev/full"), folder / "identity")
    async with (
        PlantServer(simulation, options) as server,
        insider(server, folder, "operator") as operator,
    ):
        subscription, inbox = await listen(operator)
        wanted = number(subscription.subscription_id)
        assert await call(operator, CONDITION_TYPE, REFRESH, wanted) == "Good"
        _, alarm, _ = [await inbox.next() for _ in range(3)]
        assert (alarm["ConditionName"], alarm["AckedState/Id"]) == ("PDAH-101", False)

        before = simulation.plant.snapshot()
        answer = await acknowledge(operator, "PDAH-101", alarm["EventId"])
        assert answer == "BadDeviceFailure", "what cannot be recorded must not happen"
        assert simulation.plant.snapshot() == before
        await server.step()
        assert inbox.is_empty
