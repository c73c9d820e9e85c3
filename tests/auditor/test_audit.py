"""The independent judge: what it passes, what it reads, and that nothing of ours is in it."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from .audit import judge
from .sample_journal import ANNA, BEN, CARLA, START_B, Alter, World, canonical, good_world

ROOT = Path(__file__).parents[2]


def _approved(world: World, name: str) -> None:
    world.file(name, ANNA, START_B, "P-101B")
    world.decide(BEN, "approve", name)
    world.move("request", name, "PENDING", "APPROVED")


def _sending(world: World, name: str, epoch: int = 1) -> None:
    world.move("action", f"{name}/c1", "PLANNED", "DUE", "CLAIMED")
    world.move("action", f"{name}/c1", "CLAIMED", "SENDING", wire=START_B, epoch=epoch)


def test_the_good_world_passes() -> None:
    report = good_world().judged()
    assert report.faults == ()
    assert [(each.frame, each.action_id, each.approvers) for each in report.matched] == [
        (1, "R-1/c1", ("ben",)),
        (2, "R-2/c1", ("anna",)),
        (3, "R-3/c1", ("anna", "ben")),
    ]


def _same_bytes_again(world: World) -> None:
    _approved(world, "R-4")
    world.carry_out("R-4", START_B)


def _answer_lost(world: World) -> None:
    _approved(world, "R-4")
    _sending(world, "R-4")
    world.move("action", "R-4/c1", "SENDING", "UNKNOWN")
    world.frame(START_B, at=world.now + 2.0)  # executed after the gate had given up
    world.now += 5.0
    world.decide(BEN, "resolve-applied", "R-4", subject="R-4/c1")
    world.move("action", "R-4/c1", "UNKNOWN", "RESOLVED_APPLIED")
    _approved(world, "R-5")
    world.carry_out("R-5", START_B)


def _request_lost(world: World) -> None:
    _answer_lost(world)
    del world.frames[-2]


def _killed_while_sending(world: World) -> None:
    _approved(world, "R-4")
    _sending(world, "R-4")
    world.frame(START_B)
    world.row("gate.started", "gate", epoch=2, pid=4712)
    world.move("action", "R-4/c1", "SENDING", "UNKNOWN")


def _killed_after_claim(world: World) -> None:
    _approved(world, "R-4")
    world.move("action", "R-4/c1", "PLANNED", "DUE", "CLAIMED")
    world.row("gate.started", "gate", epoch=2, pid=4712)
    world.move("action", "R-4/c1", "CLAIMED", "ABORTED_NOT_SENT")


def _claimed_in_vain(world: World) -> None:
    world.file("R-4", ANNA, START_B, "P-101B")
    world.move("request", "R-4", "PENDING", "APPROVED")  # forged: nobody has signed
    world.move("action", "R-4/c1", "PLANNED", "DUE", "CLAIMED", "INVALIDATED")


def _refused_before_it_left(world: World) -> None:
    _approved(world, "R-4")
    _sending(world, "R-4")
    world.move("action", "R-4/c1", "SENDING", "REFUSED", sent=False)


def _pulse_is_acknowledged(world: World) -> None:
    _approved(world, "R-4")
    del world.request("R-4")["commands"][0]["readback"]
    _sending(world, "R-4")
    world.frame(START_B)
    world.move("action", "R-4/c1", "SENDING", "VERIFIED", readback="acknowledged; a pulse")


def _arrives_at_once(world: World) -> None:
    """Where the journal's times, cut to the millisecond, are those of the frame."""
    world.frames[0]["at"] = world.find("action.SENDING", "R-1")["at"] + 0.0001
    world.frames[1]["at"] = world.find("action.VERIFIED", "R-2")["at"] + 0.0009


def _refused_by_the_device(world: World) -> None:
    _approved(world, "R-4")
    _sending(world, "R-4")
    world.frame(START_B, answer="exception 3")
    world.move("action", "R-4/c1", "SENDING", "REFUSED", sent=True)


def _latched_while_in_flight(world: World) -> None:
    _approved(world, "R-4")
    _sending(world, "R-4")
    world.row("lockout.latched", "site", scope="site", generation=1)
    world.frame(START_B)
    world.move("action", "R-4/c1", "SENDING", "VERIFIED", readback=True)


def _latched_elsewhere(world: World) -> None:
    world.row("lockout.latched", "P-101A", scope="P-101A", generation=1)
    _same_bytes_again(world)


def _released_and_asked_again(world: World) -> None:
    world.row("lockout.latched", "site", scope="site", generation=1)
    world.decide(CARLA, "release", "lockout", subject="lockout:site:1")
    world.row("lockout.released", "site", scope="site", generation=1)
    _same_bytes_again(world)


PASSES: Sequence[Alter] = [
    lambda world: world.frame(START_B, port="viewer", answer="exception 1"),
    lambda world: world.frame("012b0e0100", answer="exception 1"),  # asked who it is
    World.acknowledge, _same_bytes_again, _answer_lost, _request_lost, _killed_while_sending,
    _killed_after_claim, _claimed_in_vain, _refused_before_it_left, _refused_by_the_device,
    _pulse_is_acknowledged, _arrives_at_once, _latched_while_in_flight, _latched_elsewhere,
    _released_and_asked_again,
]  # fmt: skip


def test_what_may_happen_passes() -> None:
    for go_on in PASSES:
        world = good_world()
        go_on(world)
        report = world.judged()
        assert report.faults == (), go_on
        harmless = [f for f in world.frames if f["answer"] == "exception 1" or "items" in f]
        assert len(report.matched) == len(world.frames) - len(harmless), go_on


def test_a_doubled_frame_hides_behind_no_other_of_its_bytes() -> None:
    world = good_world()
    _request_lost(world)
    world.frames.append(world.frames[-1] | {"at": world.frames[-1]["at"] + 0.01})
    assert [fault for fault in world.judged().faults if "a second time" in fault]


def _dropped_and_counted_anew(lines: list[str]) -> None:
    del lines[5]
    rows = [json.loads(line) for line in lines[1:]]
    lines[1:] = [canonical(row | {"seq": seq}) for seq, row in enumerate(rows, start=1)]


def _without_tail(lines: list[str]) -> None:
    head = json.loads(lines[0])
    del lines[10:]
    last = json.loads(lines[-1])
    lines[0] = canonical(head | {"rows": len(lines) - 1, "head": last["hash"]})


def _other_anchor(lines: list[str]) -> None:
    head = json.loads(lines[0])
    lines[0] = canonical(head | {"anchors": [f"10 {'a' * 64}"]})


def _replaced(number: int, old: str, new: str) -> Callable[[list[str]], object]:
    return lambda lines: lines.__setitem__(number, lines[number].replace(old, new))


ALTERED: Sequence[tuple[Callable[[list[str]], object], str]] = [
    (_replaced(4, '"PENDING"', '"EXPIRED"'), "row 4: its hash is not that of its content"),
    (lambda lines: lines.pop(5), "row 6: row 5 should stand here"),
    (_dropped_and_counted_anew, "row 5: it does not continue row 4"),
    (_without_tail, "anchor 10: the journal ends at row 9, rows are missing"),
    (lambda lines: lines.pop(1), "row 2: the journal does not begin here"),
    (_other_anchor, "anchor 10: row 10 is another one"),
    (_replaced(5, '"seq":', '"seq":5,"seq":'), "a key stands twice"),
    (_replaced(4, '"PENDING"', "null"), "there is a null"),
]


def test_an_altered_journal_is_seen() -> None:
    for alter, sentence in ALTERED:
        frames, export, operators = good_world().seal()
        lines = export.splitlines()
        alter(lines)
        report = judge(frames, "\n".join(lines), operators, CARLA.key_id)
        assert any(sentence in fault for fault in report.faults), report


def test_another_root_chains_nobody() -> None:
    report = judge(*good_world().seal(), ANNA.key_id)
    assert "nobody in operators.yaml has a chain to the root" in report.faults


def test_a_role_counts_for_those_that_it_acts_as() -> None:
    world = good_world()
    world.request("R-1")["roles"] = ["watch"]
    assert world.judged().faults
    assert world.judged({"operator": ["watch"]}).is_clean


def test_the_command_line_prints_a_table(tmp_path: Path) -> None:
    names = ("frames", "journal", "operators")
    for name, text in zip(names, good_world().seal(), strict=True):
        (tmp_path / name).write_text(text, encoding="utf-8")
    options = [word for name in names for word in (f"--{name}", str(tmp_path / name))]
    command = [sys.executable, "tests/auditor/audit.py", *options, "--root"]

    def run(root: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, root], cwd=ROOT, capture_output=True, text=True, check=False
        )

    good, bad = run(CARLA.key_id), run(ANNA.key_id)
    assert good.returncode == 0, good.stderr
    assert "R-3/c1" in good.stdout
    assert "anna, ben" in good.stdout
    assert bad.returncode == 1
    assert "FAULT" in bad.stdout


def test_it_loads_nothing_of_ours() -> None:
    program = "import sys, tests.auditor.audit; print(*{each[:12] for each in sys.modules})"
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(result.stdout.split())
    assert "cryptography" in loaded
    assert "handwheel" not in {each[:9] for each in loaded}
