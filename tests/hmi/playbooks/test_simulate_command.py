"""`playbooks simulate` on the model, from a plant that stands still and without one."""

import json
from pathlib import Path

import pytest

from handwheel.agents.lookahead.distances import distances
from handwheel.connectors.model.site import load_site
from handwheel.connectors.model.values import GOOD, DataValue
from handwheel.hmi.playbooks.simulation.measured_state import take_over
from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site
from handwheel.sim_plant.cw100.plant import create
from handwheel.tools.conditions import parse_condition

from ...kill.agent_kills.site import PLAYBOOK
from ...plants.served import plant_process, site_of
from ..command_in_process import said_by

SIMULATE = ("playbooks", "simulate", "playbooks/change-over.yaml")
SHORT = ("--warmup", "0s", "--for", "20min", "--approve-after", "5s")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_site(tmp_path / "cw", create(None), PlantEndpoints(opcua=1, modbus=1, gate=1))
    return _with_playbook(tmp_path / "cw", monkeypatch)


def _with_playbook(site: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (site / "playbooks").mkdir(exist_ok=True)
    (site / "playbooks" / "change-over.yaml").write_text(PLAYBOOK, encoding="utf-8")
    monkeypatch.chdir(site)
    return site


def test_a_run_from_what_the_plant_measures_is_shown_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with plant_process("--speed", "0", "--no-noise") as plant:
        site_of(tmp_path / "cw", plant.link)
        _with_playbook(tmp_path / "cw", monkeypatch)
        code, out, err = said_by(capsys)(*SIMULATE, *SHORT, "--png", str(tmp_path / "a.png"))
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith("test/change-over 1.0.0 in a simulated cw-100, as the plant was at ")
    assert lines[1] == "  taken over from the plant: nothing had to be"
    assert "  1 step         start-standby COMMAND\n" in out
    assert "R3, 2 signatures as operator within 15 min 00 s for start-standby\n" in out
    assert "UNRELEASED: test/change-over 1.0.0 with the digest " in out
    assert "           P-101B.run_cmd false → true\n" in out
    assert " kPa left at 0:0" in out
    assert any(line.startswith("   └") and "1" in line for line in lines)
    assert max(map(len, lines[lines.index("PT-102.pv, kPa (┈ 150)") : -3])) <= 80
    assert lines[-1].startswith("complete; ")
    alone, beside = lines[lines.index("Alarms and trips until 0:20:00") + 1 :][:2]
    assert (alone, beside) == (
        "  without the run: no alarm, no trip", "  with the run: no alarm, no trip"
    )  # fmt: skip
    assert any(
        line.startswith("  PT-102.pv > 150 kPa: ") and "; without " in line for line in lines
    )
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_a_run_that_nobody_approves_does_not_complete(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (*SIMULATE, "--warmup", "0s", "--for", "30s", "--no-approval", "--json")
    code, out, _ = said_by(capsys)(*words)
    told = json.loads(out)
    assert (code, told["final"], told["measured"]["compared"]) == (1, "waiting_approval", 0)
    assert told["measured"]["down"].keys() == {"dcs", "pkg"}
    assert [each["tag"] for each in told["requests"][0]["writes"]] == ["P-101B.run_cmd"]
    assert (site.name, told["without"]) == ("cw", None)  # nothing was written, so both are one


@pytest.mark.parametrize(
    ("fault", "advised"),
    [
        ("F01@10s", "F01 is fully grown only after about 6 h; use --for 6h or a smaller tau"),
        ("F01@10s,tau=90d", "F01 grows over more than 168 h; use a smaller tau"),
        ("F12@10s", "use a longer --warmup or --for"),
        ("F02@10s", "use another plug, as in --fault F02,plug=…, or a longer --warmup or --for"),
    ],
)
def test_a_slow_fault_that_did_not_trigger_tells_how_long_it_needs(
    site: Path, capsys: pytest.CaptureFixture[str], fault: str, advised: str
) -> None:
    playbook = site / "playbooks" / "change-over.yaml"
    full = PLAYBOOK.replace("duty.running and not standby.running", "LT-101.pv > 99 %")
    playbook.write_text(full, encoding="utf-8")
    words = (*SIMULATE, "--warmup", "0s", "--for", "20s", "--fault", fault)
    code, out, _ = said_by(capsys)(*words)
    assert code == 1
    nearest, told = " ".join(out.split()).split("nearest to ")[1].split(" at 0:00:", 1)
    assert nearest.startswith("LT-101.pv > 99 %: -")
    assert advised in told


def test_a_trigger_that_was_true_too_briefly_says_so(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    playbook = site / "playbooks" / "change-over.yaml"
    playbook.write_text(PLAYBOOK.replace("for: 1 s}", "for: 1 h}"), encoding="utf-8")
    code, out, _ = said_by(capsys)(*SIMULATE, "--warmup", "0s", "--for", "20s")
    told = "P-101A.running and not P-101B.running: true for 19 s at most, not for 1 h 00 min\n"
    assert (code, told in out) == (1, True), out


def test_a_playbook_that_advises_says_that_its_search_is_not_simulated(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("cw/energy-advice", "--warmup", "0s", "--for", "2s")
    code, out, _ = said_by(capsys)("playbooks", "simulate", *words)
    told = "Asked nobody is asked the search for its set points is not simulated, so"
    assert (site.name, code, told in " ".join(out.split())) == ("cw", 1, True), out


def test_what_cannot_be_simulated_is_said_in_one_line(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = said_by(capsys)
    for words, wrong in (
        (("--fault", "F99"), "there is no fault called 'F99'"),
        (("--fault", "F01@3h"), "F01 at 3 h 00 min lies after the end, --for 2 h 00 min"),
        (("--model", "tep"), "cw is the site of a cw-100, not of tep"),
        (("--for", "0s"), "--for: '0s' must be at least 1 s"),
        (("--warmup", "400d"), "--warmup: '400d' must be at most 168 h 00 min"),
    ):
        code, _, told = said(*SIMULATE, *words)
        assert (code, told.startswith(f"handwheel: {wrong}")) == (2, True), told
    own = site / "site.yaml"
    text = own.read_text(encoding="utf-8").replace("urn:handwheel:sim:cw-100", "urn:plant")
    own.write_text(text, encoding="utf-8")
    code, _, told = said(*SIMULATE)
    known = "name one of these with --model: cstr, cw-100, quadtank, tep"
    assert (code, known in told) == (2, True)


def test_a_simulation_of_a_playbook_without_trigger_says_so(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = said_by(capsys)
    assert (site.name, said("playbooks", "new", "cw/stuck")[0]) == ("cw", 0)
    code, out, wrong = said("playbooks", "simulate", "cw/stuck")
    assert (code, out) == (2, "")
    assert wrong.startswith("handwheel: cw/stuck: it has no trigger, so that no run begins; ")


async def test_a_model_takes_over_what_it_can_and_tells_the_rest() -> None:
    measured = {"PIC-102.sp": 340.0, "P-101B.mode": 2, "TIC-202.op": 20.0, "VT-101A.pv": 6.0}
    readings = {name: DataValue(value, GOOD, None, None, 0.0) for name, value in measured.items()}
    plant, told = create(None), list[float]()
    found = await take_over(plant, readings, {}, 60.0, told.append)
    assert sorted(found.taken) == ["P-101B.mode = maintenance", "PIC-102.sp = 340 kPa"]
    assert told == [0.0]
    assert plant.measurements()["PIC-102.sp"] == 340.0
    assert [each.tag for each in found.differences] == ["TIC-202.op", "VT-101A.pv"]
    assert (found.differences[1].plant, found.compared) == ("6 mm/s", 4)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("PT-102.pv > 280 kPa", "30 kPa"),
        ("not (PT-102.pv < 280 kPa)", "30 kPa"),
        ("PT-102.pv in 300 kPa .. 390 kPa", "10 kPa"),
        ("PT-102.pv not in 300 kPa .. 390 kPa", "-10 kPa"),
        ("abs(PT-102.pv - PIC-102.sp) < 15 kPa", "-25 kPa"),
        ("P-101A.running and P-101A.mode == 'remote'", ""),
    ],
)
def test_the_distance_of_a_comparison_to_its_limit(site: Path, text: str, shown: str) -> None:
    tags = load_site(site).tags
    readings = {
        name: DataValue(value, GOOD, None, None, 0.0)
        for name, value in (("PT-102.pv", 310.0), ("PIC-102.sp", 350.0))
    }
    found = distances(parse_condition(text, tags), tags)
    assert [each.distance.show(readings) for each in found] == ([shown] if shown else [])


def test_a_plant_without_the_run_goes_on_with_its_fault_up_to_the_trip(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--warmup", "0s", "--approve-after", "5s", "--fault", "F01@10s,d0=0.8,tau=20min")
    code, out, _ = said_by(capsys)(*SIMULATE, *words, "--for", "10min", "--json")
    told = json.loads(out)
    assert (code, told["first_trip"]) == (0, None)
    without = told["without"]
    assert without["first_trip"][1] == "P-101A tripped by I-02"
    assert told["simulated_s"] < without["first_trip"][0] <= told["until_s"] <= 600.0
    assert [each["comparison"] for each in without["margins"]] == [
        each["comparison"] for each in told["margins"]
    ]
