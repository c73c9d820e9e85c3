"""`policy explain`: what the policy makes of a write, beside what the plant reads now."""

import json
from collections.abc import Generator
from pathlib import Path

import pytest

from handwheel.hmi.sitefiles import Link

from ..served import frames_of, handwheel, plant_process, site_of


@pytest.fixture(scope="module")
def frame_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("frames") / "log"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, frame_log: Path) -> Generator[Path]:
    """A site for a plant that stands still in its steady state."""
    folder = tmp_path_factory.mktemp("site")
    with plant_process("--speed", "0", "--no-noise", "--frame-log", str(frame_log)) as plant:
        site_of(folder, plant.link)
        yield folder


def _explain(folder: Path, *words: str) -> tuple[int, list[str]]:
    done = handwheel("policy", "explain", *words, cwd=folder)
    assert done.stderr == ""
    return done.returncode, [" ".join(line.split()) for line in done.stdout.splitlines()]


def _place(folder: Path, tag: str) -> str:
    lines = (folder / "policy.yaml").read_text().splitlines()
    return f"policy.yaml:{1 + next(n for n, line in enumerate(lines) if f'[{tag}' in line)}"


def test_what_may_be_proposed_is_told_with_all_its_bounds(site: Path) -> None:
    assert _explain(site, "PIC-102.sp=360 kPa") == (0, [
        "PIC-102.sp = 360 kPa: allowed, class R1",
        "now 350 kPa (Good)",
        "approved by one person as operator",
        "limits 280 .. 420 kPa",
        "normal band 320 .. 380 kPa",
        "largest step 20 kPa",
        "largest rate 30 kPa/min",
        "cool-down 1 min 00 s after the last write",
        f"rule {_place(site, 'PIC-102.sp')}",
    ])  # fmt: skip


def test_what_must_be_true_is_told_of_what_it_is_judged_for(site: Path) -> None:
    line = "must be true P-101A.running or P-101B.running, as it would be after the write "
    _, lines = _explain(site, "P-101B.run_cmd=true")
    assert f"{line}(a-pump-runs)" in lines


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
    site: Path, assignment: str, first: str, reason: str
) -> None:
    code, lines = _explain(site, assignment)
    assert (code, lines[0]) == (1, first)
    assert lines[1].startswith(f"because {reason}")
    assert lines[2].startswith("now ")


def test_it_is_told_to_programs_too(site: Path, frame_log: Path) -> None:
    done = handwheel("policy", "explain", "P-101B.run_cmd=true", "--json", cwd=site)
    said = json.loads(done.stdout)
    assert said.pop("now")["value"] is False
    assert (done.returncode, said) == (0, {
        "tag": "P-101B.run_cmd", "value": True, "shown": "true", "unit": "", "allowed": True,
        "class": "R2", "roles": ["operator"], "quorum": 1, "reasons": [],
        "rules": [_place(site, "P-101A.run_cmd")], "limits": None, "band": None,
        "max_step": None, "rate_per_s": None, "cooldown_s": 10.0,
    })  # fmt: skip
    assert frames_of(frame_log) == []  # to explain a write sends none


def test_without_the_plant_the_present_value_is_not_known(tmp_path: Path) -> None:
    site_of(tmp_path, Link(1, 2, gate=3))  # nobody listens at these ports
    code, lines = _explain(tmp_path, "P-101B.run_cmd=true")
    assert (code, lines[1]) == (0, "now not known, the plant does not answer")
    code, lines = _explain(tmp_path, "PIC-102.sp=360")
    assert (code, lines[1]) == (
        1,
        "because its step is limited, and its present value is not known",
    )


def test_without_a_policy_nothing_is_explained_away(tmp_path: Path) -> None:
    site_of(tmp_path, Link(1, 2, gate=3))
    (tmp_path / "policy.yaml").unlink()
    done = handwheel("policy", "explain", "P-101B.run_cmd=true", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "policy.yaml: there is no such file, and without a policy nothing" in done.stderr
