"""`policy explain`: what the policy makes of a write, which rule decides, what is in the way."""

import json
from collections.abc import Generator
from pathlib import Path

import pytest

from handwheel.hmi.site.files.site_template import PlantEndpoints

from ...command_line import handwheel
from ...plants.served import frames_of, plant_process, site_of
from ..command_in_process import Said

GROUPS = """\
groups:
  - {id: pressure, tags: [PIC-102.sp], writes: 3, travel: 40 kPa, within: 10 min}
"""


@pytest.fixture(scope="module")
def frame_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("frames") / "log"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, frame_log: Path) -> Generator[Path]:
    """A site for a plant that stands still in its steady state."""
    folder = tmp_path_factory.mktemp("site")
    with plant_process("--speed", "0", "--no-noise", "--frame-log", str(frame_log)) as plant:
        site_of(folder, plant.link)
        path = folder / "policy.yaml"
        path.write_text(path.read_text(encoding="utf-8") + GROUPS, encoding="utf-8")
        yield folder


def _explain(said: Said, folder: Path, *words: str) -> tuple[int, list[str]]:
    code, out, _ = said("policy", "explain", "--site", str(folder), *words)
    return code, [" ".join(line.split()) for line in out.splitlines()]


def _place(folder: Path, tag: str) -> str:
    lines = (folder / "policy.yaml").read_text(encoding="utf-8").splitlines()
    return f"policy.yaml:{1 + next(n for n, line in enumerate(lines) if f'[{tag}' in line)}"


def test_what_may_be_proposed_is_told_with_all_that_decides(said: Said, site: Path) -> None:
    rule = _place(site, "PIC-102.sp")
    group = f"policy.yaml:{len((site / 'policy.yaml').read_text().splitlines())}"
    assert _explain(said, site, "PIC-102.sp=360 kPa") == (0, [
        "PIC-102.sp = 360 kPa: allowed, class R1",
        "now 350 kPa (Good)",
        f"approved by one person as operator ({rule})",
        "may sign no enrolled operator",
        "waits at most 30 min 00 s for the last signature",
        f"class R1 ({rule})",
        f"limits 280 .. 420 kPa ({rule})",
        f"normal band 320 .. 380 kPa ({rule})",
        f"largest step 20 kPa ({rule})",
        f"largest rate 30 kPa/min ({rule})",
        f"cool-down 1 min 00 s after the last write ({rule})",
        f"group pressure: 3 of 3 writes and 40 of 40 kPa left within 10 min 00 s ({group})",
        "asked now 0 of 5 requests of people wait for operator",
        "blocked by no gate is running: nothing can be approved",
    ])  # fmt: skip
    assert not (site / "var").exists()  # to explain makes no ledger


def test_what_must_be_true_is_told_with_what_it_comes_to(said: Said, site: Path) -> None:
    line = "must be true P-101A.running or P-101B.running, as it would be after the write: yes "
    code, lines = _explain(said, site, "P-101B.run_cmd=true")
    assert code == 0
    (found,) = [each for each in lines if each.startswith("must be true")]
    assert found.startswith(f"{line}(a-pump-runs, policy.yaml:")
    code, lines = _explain(said, site, "P-101A.run_cmd=false")
    assert (code, lines[0]) == (1, "P-101A.run_cmd = false: denied")
    assert lines[1].startswith("because a-pump-runs: P-101A.running or P-101B.running")
    assert lines[1].endswith("would be unknown")
    (found,) = [each for each in lines if each.startswith("must be true")]
    assert ": not known (a-pump-runs" in found  # whatever the plant shows: it is a denial


@pytest.mark.parametrize(
    ("assignment", "first", "reason"),
    [
        ("PIC-102.sp=375", "PIC-102.sp = 375 kPa: denied", "a step of 25 kPa is more than the 20"),
        ("PIC-102.sp=500", "PIC-102.sp = 500 kPa: denied", "500 lies outside the limits 280 .."),
        ("P-101A.reset=true", "P-101A.reset = true: denied", "no rule allows it"),
        ("I-03.active=true", "I-03.active = true: denied", "forbidden: safety system"),
    ],
)
def test_what_is_denied_is_told_with_the_reason(
    said: Said, site: Path, assignment: str, first: str, reason: str
) -> None:
    code, lines = _explain(said, site, assignment)
    assert (code, lines[0]) == (1, first)
    assert lines[1].startswith(f"because {reason}")
    assert lines[2].startswith("now ")
    has_forbid = any(line.startswith("forbid it is never written (policy.yaml:") for line in lines)
    assert has_forbid is assignment.startswith("I-03")
    assert not any(line.startswith("approved by") for line in lines)


def test_it_is_told_to_programs_too(site: Path, frame_log: Path) -> None:
    done = handwheel("policy", "explain", "P-101B.run_cmd=true", "--json", cwd=site)
    told = json.loads(done.stdout)
    assert told.pop("now")["value"] is False
    (across,) = told.pop("across")
    assert (across["id"], across["with"], across["denial"]) == ("a-pump-runs", "after", "")
    rule = _place(site, "P-101A.run_cmd")
    assert (done.returncode, told) == (0, {
        "tag": "P-101B.run_cmd", "value": True, "shown": "true", "sent_as": True, "unit": "",
        "allowed": True, "class": "R2", "roles": ["operator"], "quorum": 1, "reasons": [],
        "rules": [rule], "limits": None, "band": None, "max_step": None, "rate_per_s": None,
        "cooldown_s": 10.0, "areas": {"operator": None}, "signers": [], "confirmation": True,
        "decided_by": {"class": [rule], "roles": [rule], "cooldown": [rule]}, "groups": [],
        "within_s": 1800.0, "waiting": {"operator": 0}, "waiting_most": 5,
        "in_the_way": ["no gate is running: nothing can be approved"],
    })  # fmt: skip
    assert frames_of(frame_log) == []  # to explain a write sends none


def test_without_the_plant_the_present_value_is_not_known(said: Said, tmp_path: Path) -> None:
    site_of(tmp_path, PlantEndpoints(1, 2, gate=3))  # nobody listens at these ports
    code, lines = _explain(said, tmp_path, "P-101B.run_cmd=true")
    assert (code, lines[1]) == (0, "now not known, the plant does not answer")
    assert any("after the write: not known (a-pump-runs" in line for line in lines)
    code, lines = _explain(said, tmp_path, "PIC-102.sp=360")
    assert (code, lines[:2]) == (0, [
        "PIC-102.sp = 360 kPa: allowed, class R1", "now not known, the plant does not answer",
    ])  # fmt: skip
    assert "blocked by its step is limited, and its present value is not known" in lines
    code, lines = _explain(said, tmp_path, "PIC-102.sp=500")
    assert (code, lines[1]) == (1, "because 500 lies outside the limits 280 .. 420 kPa")


def test_without_a_policy_nothing_is_explained_away(said: Said, tmp_path: Path) -> None:
    site_of(tmp_path, PlantEndpoints(1, 2, gate=3))
    (tmp_path / "policy.yaml").unlink()
    code, out, err = said("policy", "explain", "--site", str(tmp_path), "P-101B.run_cmd=true")
    assert (code, out) == (2, "")
    assert "policy.yaml: there is no such file, and without a policy nothing" in err
