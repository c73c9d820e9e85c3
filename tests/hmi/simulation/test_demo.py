"""The demo's time line and morals, and how it ends where a story cannot be told."""

import asyncio
import os
import re
import signal
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import pytest

from handwheel.connectors.client.site_reader import SiteReader
from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.site import Site, load_site
from handwheel.connectors.model.values import BAD_NO_COMMUNICATION, GOOD, DataValue, StatusCode
from handwheel.hmi.people.signing import Signer
from handwheel.hmi.requests.approve import show_card
from handwheel.hmi.simulation.demo import decisions, demo, pace
from handwheel.hmi.simulation.demo.decisions import Decider, Decisions, DemoApprover
from handwheel.hmi.simulation.demo.demo import DemoRun
from handwheel.hmi.simulation.demo.processes import DemoSystem
from handwheel.hmi.simulation.demo.runs import FollowedEvent
from handwheel.hmi.simulation.demo.scenarios import CHANGEOVER, DEMO_SCENARIOS
from handwheel.hmi.simulation.demo.timeline import DEMO_TAGS, Timeline, TimelineEntry
from handwheel.hmi.simulation.local_system.child_process import ChildProcess
from handwheel.hmi.simulation.local_system.people import enroll_people
from handwheel.hmi.site.files.site_template import PlantEndpoints
from handwheel.playbooks.engine.states import RunState
from handwheel.sim_plant.errors import ServeError
from handwheel.tools.errors import GuardrailError, PermitRefused
from handwheel.tools.guardrails.client import connect
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.ledger.store.states import RequestState

from ...gate.testbed.terminals import giving
from ...plants.served import link_of, served, site_of
from ..command_processes import ANY_PORTS, children
from ..requests.sample_card import card


async def check_for_ever(child: ChildProcess) -> None:
    while True:
        child.check()
        await asyncio.sleep(0.02)


async def test_a_plant_that_does_not_start_or_dies_says_why_once(tmp_path: Path) -> None:
    serve = ("plants", "serve", "cw-100", "--json", *ANY_PORTS)
    with pytest.raises(ServeError, match=r"^the plant did not start: there is no fault"):
        async with ChildProcess("the plant", (*serve, "--fault", "F99"), tmp_path / "log"):
            pass
    others = children(os.getpid())
    async with ChildProcess("the plant", serve, tmp_path / "log") as plant:
        plant.check()
        (pid,) = set(children(os.getpid())) - set(others)
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(NotConnected) as caught:
            await check_for_ever(plant)
    assert caught.value.endpoints == {"the plant": "ended by itself (-9): no message"}


def scan(plant_s: float, status: StatusCode = GOOD, **on: bool) -> dict[str, DataValue]:
    """One scan of everything; `P_101B_running=True` switches a tag on, the others are off."""
    values: dict[str, float | bool] = dict.fromkeys(DEMO_TAGS, False)
    values |= {"SIM-CLOCK.pv": plant_s, "PT-102.pv": 350.0 - plant_s / 100.0}
    for name, is_on in on.items():
        head, _, field = name.rpartition("_")
        values[f"{head.replace('_', '-')}.{field}"] = is_on
    return {name: DataValue(value, status, None, None, 0.0) for name, value in values.items()}


def timeline_of(*scans: dict[str, DataValue]) -> Timeline:
    timeline = Timeline()
    for readings in scans:
        timeline.add(readings)
    return timeline


def test_the_time_line_keeps_edges_and_runs_in_order() -> None:
    timeline = timeline_of(scan(1.0, P_101A_running=True), scan(5.0, P_101A_running=True))
    timeline.add_run_event(CHANGEOVER, "opened")
    timeline.add(scan(9.0))
    timeline.add(scan(10.0, P_101A_running=True))
    assert [(each.time_s, each.text) for each in timeline.entries] == [
        (5.0, "opened"), (9.0, "P-101A stops"), (10.0, "P-101A starts"),
    ]  # fmt: skip
    assert (timeline.first(CHANGEOVER), timeline.first("P-101A.running")) == (5.0, 10.0)
    assert timeline.first("P-101B.running") is None


def test_the_time_line_takes_only_what_is_good() -> None:
    bad = scan(50.0, BAD_NO_COMMUNICATION, PAL_102_active=True)
    timeline = timeline_of(scan(10.0), bad)
    assert (timeline.entries, timeline.now_s, timeline.lowest_kpa) == ([], 10.0, 349.9)
    timeline.add(scan(60.0, PAL_102_active=True))
    assert timeline.entries == [TimelineEntry(60.0, "PAL-102.active", "alarm: header pressure low")]


ALARM = scan(60.0, VAH_101A_active=True)
TRIP = scan(3660.0, VAH_101A_active=True, P_101A_tripped=True)
STANDBY = scan(3700.0, P_101A_tripped=True, P_101B_running=True)
TRIPPED = STANDBY | {"I-06.active": TRIP["P-101A.tripped"]}
APPROVED = scan(100.0, VAH_101A_active=True, P_101B_running=True)
LATE = scan(3660.0, P_101A_tripped=True, P_101B_running=True)
NO_STANDBY = scan(100.0, P_101A_running=True, P_101B_tripped=True)
PLUGGED = scan(60.0, VAH_101A_active=True, PDAH_101_active=True)
SHAKEN = scan(60.0, VAH_101B_active=True)
COMPLETE, STOPPED = RunState.COMPLETE, RunState.STOPPED


MORALS: Sequence[tuple[str, RunState | None, list[dict[str, DataValue]], str, str]] = [
    ("F01", COMPLETE, [ALARM, APPROVED], "work order for its repair is open", "not stopped"),
    ("F01", STOPPED, [ALARM, APPROVED], "The run did not complete", "work order"),
    ("F01", None, [ALARM, TRIP, STANDBY], "tripped 1 h 00 min after its vibration alarm", "enough"),
    ("F01", STOPPED, [ALARM, TRIP, STANDBY], "process kept running", "process tripped"),
    ("F01", STOPPED, [ALARM, APPROVED, LATE], "already running, as approved", "kept running"),
    ("F01", None, [STANDBY], "No vibration alarm of P-101A was observed", "before the trip"),
    ("F01", None, [ALARM], "No trip of P-101A was observed. The standby was not", "kept running"),
    ("F01", None, [TRIPPED], "process tripped", "kept running"),
    ("F01", None, [], "not observed", "kPa"),
    ("F02", COMPLETE, [PLUGGED], "requested no pump", "would not have helped"),
    ("F02", None, [PLUGGED], "alarm is the same as for a worn bearing", "requested no pump"),
    ("F02", None, [], "PDT-101 was not observed high", "pump"),
    ("F02", None, [SHAKEN], "standby vibrates", "is high"),
    ("F16", RunState.ABORTED, [NO_STANDBY], "P-101A is still running", "observed"),
    ("F16", STOPPED, [ALARM, TRIP], "The standby was not observed running", "still running"),
]


@pytest.mark.parametrize(("fault", "state", "scans", "said", "unsaid"), MORALS)
def test_the_moral_says_what_was_seen(
    fault: str, state: RunState | None, scans: list[dict[str, DataValue]], said: str, unsaid: str
) -> None:
    timeline = timeline_of(scan(1.0))
    if state is not None:
        timeline.add_run_event(CHANGEOVER, "opened")
    for readings in scans:
        timeline.add(readings)
    conclusion = DEMO_SCENARIOS[fault].conclusion(timeline if scans else Timeline(), state)
    assert said in conclusion
    assert unsaid not in conclusion


def test_the_nearer_the_trip_the_slower() -> None:
    for vibration, speed in (
        (None, 10.0), (float("nan"), 10.0), (9.0, 10.0), (8.04, 10.0), (7.99, 20.0), (7.1, 200.0),
    ):  # fmt: skip
        assert pace.approach_speed(vibration) == speed


@dataclass
class Scanned:
    """Stands for a connection that has been read this often."""

    scans: int


@pytest.mark.parametrize(
    ("scans", "factor"), [(30, 1.0), (28, 1.0), (24, 0.7), (15, 0.5), (6, 0.25), (0, 0.05)]
)
def test_a_plant_runs_slower_where_scans_come_late(
    scans: int, factor: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick, slow = Scanned(7), Scanned(3)
    measured = pace.MachinePace([quick, slow], 0.1)
    monkeypatch.setattr(pace, "monotonic", lambda: 50.0)
    measured.look()
    assert measured.factor == 1.0
    monkeypatch.setattr(pace, "monotonic", lambda: 53.0)
    quick.scans, slow.scans = quick.scans + 30, slow.scans + scans
    measured.look()
    assert measured.factor == factor
    measured.halve()
    assert measured.factor == min(factor, 0.5)


class StillPlant:
    """Stands for the plant's process, which neither ends nor changes its pace."""

    def send_line(self, line: str) -> None:
        assert line.startswith("speed ")

    def check(self) -> None: ...


class Approver:
    """Stands for a person who answers as listed."""

    def __init__(self, *answers: RequestState | GuardrailError | None) -> None:
        self.answers = list(answers)

    async def answer(self, request_id: str) -> RequestState | None:
        answer = self.answers.pop(0)
        if isinstance(answer, GuardrailError):
            raise answer
        return answer

    async def approve_unattended(self, request_id: str, after_s: float) -> RequestState | None:
        return await self.answer(request_id)


ACCEPTED, REJECTED = RequestState.APPROVED, RequestState.REJECTED
NOT_NOW = PermitRefused("it cannot be approved now: stale")


async def test_a_request_that_was_left_is_opened_by_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "has_keys", lambda: True)
    asked = Decisions(cast(DemoApprover, Approver(None, NOT_NOW, ACCEPTED)), Decider.VIEWER)
    for typed in ("", "\x1b[A\r", "\x1bOo", "x"):
        if asked.question(["R-1"]):
            await asked.decide("R-1")
        assert (asked.question(["R-1"]), asked.left(["R-1"])) == ("", "R-1")
        asked.press(typed, ["R-1"])
    for _ in range(2):
        asked.press("\x1b[Bo", ["R-1"])
        assert asked.question(["R-1"]) == "R-1"
        await asked.decide("R-1")
    assert (asked.question(["R-1"]), asked.left(["R-1"]), asked.is_declined) == ("", "", False)
    asked.press("o", ["R-1"])
    assert asked.question(["R-1"]) == ""
    assert asked.question(["R-2"]) == "R-2"


async def test_a_request_is_declined_when_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "has_keys", lambda: True)
    for answer, over in ((None, True), (None, False), (REJECTED, False)):
        asked = Decisions(cast(DemoApprover, Approver(answer)), Decider.VIEWER)
        await asked.decide("R-1")
        asked.note_waiting([] if over else ["R-1"])
        assert asked.is_declined is (over or answer is REJECTED)
    monkeypatch.setattr(decisions, "has_keys", lambda: False)
    asked = Decisions(cast(DemoApprover, Approver(None)), Decider.VIEWER)  # in a pipe
    await asked.decide("R-1")
    assert (asked.is_declined, asked.question(["R-1"])) == (True, "")


@pytest.mark.parametrize("refusals", [4, 5])
async def test_a_script_tries_a_request_five_times(refusals: int) -> None:
    tried = Decisions(cast(DemoApprover, Approver(*[NOT_NOW] * refusals, ACCEPTED)), Decider.SCRIPT)
    while name := tried.question(["R-1"]):
        await tried.decide(name)
    assert tried.is_declined is (refusals == 5)
    assert tried.refusal == (str(NOT_NOW) if refusals == 5 else "")


class NobodyAsked:
    """Stands for an operator who must not be asked."""

    def __init__(self, site: Site, people: Mapping[str, Signer]) -> None: ...

    async def show(self, request_id: str) -> None:
        assert request_id == "R-7K3MQ2XA"
        show_card(card())


async def run_in_process(folder: Path, link: PlantEndpoints) -> str:
    """Runs a demo whose plant is at these ports, without gate and agents."""
    root, frames = folder / "cooling", folder / "frames.jsonl"
    await asyncio.to_thread(site_of, root, link)
    frames.touch()
    people, site = enroll_people(root, attended=True), load_site(root)
    async with SiteReader(site, site.find_tags(DEMO_TAGS)) as reader:
        plant = cast(ChildProcess, StillPlant())
        scenario = DEMO_SCENARIOS["F01"]
        system = DemoSystem(scenario, site, reader, plant, (plant,), people, frames)
        with Database(site.state, site.id) as ledger, pytest.MonkeyPatch.context() as patch:
            patch.setattr(connect, "open_ledger", giving(nullcontext(ledger)))
            approver = NobodyAsked(site, people)
            nobody = Decisions(cast(DemoApprover, approver), Decider.NOBODY)
            return await DemoRun(system, ledger, nobody, is_live=False).run()


async def test_a_demo_without_a_good_reading_ends_with_the_reasons(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "_SILENCE_S", 1.0)
    with pytest.raises(NotConnected) as caught:
        await run_in_process(tmp_path, PlantEndpoints(1, 2))
    reasons = {
        "dcs": "opc.tcp://127.0.0.1:1: connection refused",
        "pkg": "modbus://127.0.0.1:2/1: connection refused",
    }
    assert caught.value.endpoints == reasons
    told = capsys.readouterr().out
    for name, reason in reasons.items():
        assert told.count(f"0:00:00  {name} connecting: {reason}\n") == 1


class WaitingRun:
    """Stands for the runs of a site, one of which waits for an approval."""

    waiting = ("R-7K3MQ2XA",)
    is_any_open = True

    def __init__(self, database: Database, site: Site) -> None: ...

    def new_events(self) -> Sequence[FollowedEvent]:
        return ()

    def find(self, playbook: str) -> None: ...


async def test_a_headless_demo_asks_nobody_and_stops_though_its_end_does_not_come(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "_LONGEST_S", 4.0)
    monkeypatch.setattr(demo, "RunFollower", WaitingRun)
    async with served() as server:
        link = replace(link_of(server, "1 s"), modbus=2)
        problem = await run_in_process(tmp_path, link)
    assert problem.splitlines() == [
        "stopped after 4 s, before the end of the scenario",
        f"the agents opened no run of {CHANGEOVER}",
    ]
    told = capsys.readouterr().out
    assert "dcs connected\n" in told
    assert told.count("pkg connecting: modbus://127.0.0.1:2/1: connection refused\n") == 1
    assert re.search(r"VT-101A.pv - mm/s BadWaitingForInitialData\n.*  PT-102.pv 3\S+ kPa\n", told)
    assert "P-101B.run_cmd  stopped → running" in told  # the card
    assert "not approved: --headless asks no operator" in told
    assert told.count("Not approved. Nothing is sent, and the demo continues.") == 1
    assert "The standby was not observed running." in told
    assert max(len(line) for line in told.splitlines()[:-1]) <= 80
