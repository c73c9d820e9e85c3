"""`handwheel run` where something is missing, wrong, interrupted or dies; orders to its runs."""

import json
import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep, time

import pytest

from handwheel.connectors.historian.definitions import definitions
from handwheel.connectors.historian.errors import NoHistory
from handwheel.connectors.historian.reader import HistoryReader
from handwheel.connectors.model.site import load_site
from handwheel.connectors.model.values import Quality
from handwheel.tools.guardrails.identity.enrolment import Enrolment, make_record
from handwheel.tools.guardrails.identity.keys import PrivateKey
from handwheel.tools.guardrails.identity.operators_yaml import with_record

from ...command_line import HANDWHEEL, handwheel
from ...forked_process import ForkedProcess
from ...kill.agent_kills.operator_actions import RunDesk
from ...kill.agent_kills.site import PLAYBOOK, RunWorld
from ...kill.process_group import ROOT, ProcessGroup, gate_command
from ...kill.site import ADMINISTRATOR, edit
from ...plants.served import frames_of
from ..command_processes import becomes_true, environment

pytestmark = pytest.mark.timeout(300)

_WAIT_S = 60.0
_POLL_S = 0.05


class Stage:
    """A plant, perhaps a gate, and people with open keys; `with` ends them all."""

    def __init__(self, root: Path) -> None:
        self.world = RunWorld(root)
        self.processes = ProcessGroup(self.world)
        self._desk: RunDesk | None = None

    @property
    def site(self) -> Path:
        return self.world.site

    @property
    def desk(self) -> RunDesk:
        """The desk, at which the pumps are handed over to agents."""
        self._desk = self._desk or RunDesk(self.world)
        return self._desk

    def add_planner(self) -> None:
        """Enrols dora, whose role approves nothing."""
        edit(
            self.site / "policy.yaml",
            lambda line: line.replace("roles: {", "roles: {planner: {}, "),
        )
        start = datetime.now(UTC) - timedelta(hours=1)
        record = make_record(
            self.site.name,
            Enrolment("dora", ("planner",), start, start + timedelta(days=1)),
            PrivateKey.generate(),
            self.world.key(ADMINISTRATOR),
        )
        operators = self.site / "operators.yaml"
        text, _ = with_record(operators, record)
        operators.write_text(text, encoding="utf-8")

    def write_wrong(self) -> None:
        """Writes a second playbook, with a mistyped key."""
        wrong = self.site / "playbooks" / "wrong.yaml"
        text = PLAYBOOK.replace("test/change-over", "test/wrong").replace("title: C", "titel: C")
        wrong.write_text(text, encoding="utf-8")

    def start_gate(self) -> None:
        self.processes.start("gate", gate_command(self.site))

    def sees(self, run: ForkedProcess, text: str) -> None:
        """Waits until the judgement of the open case holds a text."""
        until_s = monotonic() + _WAIT_S
        while text not in (told := self.run("cases", "list", "--json")[1]):
            assert run.poll() is None, self.said
            assert monotonic() < until_s, f"{text!r} never came: {told}"
            sleep(_POLL_S)

    @property
    def said(self) -> str:
        return (self.world.root / "agents.log").read_text(encoding="utf-8")

    @contextmanager
    def agents(self, *options: str) -> Generator[ForkedProcess]:
        """Runs the agents; a pipe is their standard input."""
        command = [*HANDWHEEL, "run", *options, "--site", str(self.site)]
        with (
            (self.world.root / "agents.log").open("wb") as log,
            ForkedProcess(command, cwd=self.world.root, env=environment(), errors=log) as process,
        ):
            yield process
        assert "Traceback" not in self.said

    def run(self, *words: str) -> tuple[int, str]:
        """Runs a command to its end; returns its code and what it said."""
        told = handwheel(*words, "--site", str(self.site))
        assert "Traceback" not in told.stderr
        return told.returncode, told.stdout + told.stderr

    def state_becomes(self, *states: str) -> tuple[str, str]:
        """Waits until the only open run is in one of some states; returns its id and state."""
        until_s = monotonic() + _WAIT_S
        while True:
            found = [(each.run_id, self.desk.run(each.run_id)) for each in self.desk.runs()]
            if found and found[0][1].state in states:
                return found[0][0], found[0][1].state
            assert monotonic() < until_s, (found, self.said)
            sleep(_POLL_S)

    def resumed(self) -> str:
        """Resumes the run, which those who worked on it have left; returns its id."""
        run_id, _ = self.state_becomes("HELD")
        self.desk.order(run_id, "resume")
        self.state_becomes("WAITING_APPROVAL")
        return run_id

    def newest_s(self, tag: str) -> float:
        """Returns when the newest value was recorded, which must be good; 0 if there is none."""
        meanings = definitions(load_site(self.site))
        with suppress(NoHistory), HistoryReader(self.site / "var", meanings) as reader:
            found = reader.newest(tag)
            assert found is None or found[1].quality is Quality.GOOD
            return found[0] if found else 0.0
        return 0.0

    def wires(self) -> list[str]:
        return [str(frame["pdu"]) for frame in frames_of(self.world.frames)]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Generator[Stage]:
    """A stage with one run, which each test finds as the one before has left it."""
    stage = Stage(tmp_path_factory.mktemp("stage") / "world")
    with stage.processes:
        command = [*HANDWHEEL, *stage.world.plant_command()]
        ports = stage.processes.start("plant", command)["ports"]
        stage.world.make_site(ports["opcua"], ports["modbus"], ports["modbus_gate"])
        stage.add_planner()
        yield stage


def _listed(stage: Stage) -> str:
    """Returns what `runs list` says when nobody is at work."""
    code, told = stage.run("runs", "list")
    assert code == 0
    return told


def test_a_shadow_tells_what_it_would_ask_without_a_gate(stage: Stage) -> None:
    with stage.agents("--shadow") as shadow:
        assert "shadow of site ready" in shadow.stdout.readline()
        while (
            "blocked by: no gate is running; next: handwheel gate" not in shadow.stdout.readline()
        ):
            assert shadow.poll() is None, stage.said
        assert "would ask since " in stage.run("cases", "list", "--shadow")[1]
        assert "no gate is running, and this shadow says so until" in stage.said
        assert "another process has " in stage.run("run", "--shadow")[1]
        shadow.send_signal(signal.SIGINT)
        assert shadow.wait(timeout=60) == 130
        assert "1 case, 1 would have been asked for; nothing was filed" in shadow.stdout.read()
    assert "would ask since " in stage.run("cases", "list", "--shadow")[1]
    assert stage.run("cases", "list", "--all")[1].startswith("no cases\n")
    assert stage.run("runs", "list", "--all")[1].startswith("no runs\n")


def test_without_a_gate_agents_do_not_start_and_without_authority_nothing_is_asked(
    stage: Stage,
) -> None:
    stage.write_wrong()
    code, told = stage.run("run")
    assert (code, "no gate is running" in told) == (3, True)
    assert stage.run("runs", "list", "--all")[1].startswith("no runs\n")
    stage.start_gate()
    began_s = time()
    with stage.agents() as agents:
        stage.sees(agents, "PUMPS-101 was not granted to agents; ask ")
        stage.sees(agents, "next: handwheel authority give PUMPS-101 --for 1h --as ")
        assert "wrong.yaml:4:1: test/wrong: titel: unknown key; did you mean" in stage.said
        assert stage.run("requests", "list", "--all") == (0, "no requests\n")
        (case,) = json.loads(stage.run("cases", "list", "--json")[1])
        code, why = stage.run("cases", "show", case["case_id"], "--why")
        assert (code, "fired       trigger " in why, "  prevented  test/" in why) == (0, True, True)
        assert stage.desk  # hands the pumps over
        run_id, _ = stage.state_becomes("WAITING_APPROVAL")
        for tag in ("SIM-CLOCK.pv", "P-101A.running"):  # what both connections read is recorded
            assert becomes_true(lambda: stage.newest_s(tag) >= began_s)  # noqa: B023
        agents.send_signal(signal.SIGINT)
        assert agents.wait(timeout=60) == 130
    assert _listed(stage).startswith(f"{run_id}  HELD ")


def test_what_is_wrong_is_said_in_one_line(stage: Stage) -> None:
    with stage.agents() as agents:
        run_id = stage.resumed()
        waits, nobody = "is not possible for a run that is WAIT", "'U-NONE' is no run of this site"
        for words, code, said in (
            ("run", 1, "another process works on this site's runs: pid "),
            ("runs show U-NONE", 2, nobody),
            ("runs abort U-NONE --as ben", 2, nobody),
            (f"runs resume {run_id} --as ben", 1, f"resume {waits}"),
            (f"runs abort {run_id} --as carla", 1, "carla is no operator of this site now"),
            (f"runs abort {run_id} --as dora", 1, f"needed to abort {run_id}: operator"),
        ):
            found, told = stage.run(*words.split())
            assert (found, said in told) == (code, True), (words, told)
        assert stage.desk.run(run_id).state == "WAITING_APPROVAL"
        agents.stdin.close()
        assert agents.wait(timeout=60) == 0
    assert _listed(stage).startswith(f"{run_id}  HELD ")


def test_agents_that_still_go_through_the_past_end_at_once(stage: Stage) -> None:
    command = [
        sys.executable,
        "-m",
        f"{__package__}.endless_past",
        "run",
        "--site",
        str(stage.site),
    ]
    said = stage.world.root / "past.log"
    with (
        said.open("wb") as log,
        ForkedProcess(command, cwd=ROOT, env=environment(), errors=log) as process,
    ):
        while "filling windows from recorded values" not in said.read_text(encoding="utf-8"):
            assert process.poll() is None
            sleep(_POLL_S)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
    assert said.read_text(encoding="utf-8").endswith("may take up to 60 s\n")


def _steps(stage: Stage, run_id: str) -> dict[str, str]:
    return {step: str(state) for step, state in stage.desk.run(run_id).steps.items()}


def test_a_plant_that_dies_while_a_run_settles(stage: Stage) -> None:
    with stage.agents() as agents:
        run_id = stage.resumed()
        stage.desk.approve_all()
        assert becomes_true(lambda: _steps(stage, run_id).get("settle") == "PERFORM")
        stage.processes.kill("plant")
        stage.state_becomes("HELD")  # what cannot be seen is neither done nor taken back
        assert _steps(stage, run_id)["settle"] == "PERFORM"
        shown = " ".join(stage.run("runs", "show", run_id)[1].split())
        assert "invariant unknown" in shown
        assert stage.wires() == ["050014ff00"]
        assert agents.poll() is None
    assert stage.world.judged(stage.world.export()).faults == ()
