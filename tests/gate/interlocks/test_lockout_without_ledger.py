"""A stop works when nothing else does: the ledger removed, replaced, full or read-only."""

import subprocess
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from handwheel.hmi.people.lockout import run_lockout
from handwheel.tools.errors import InterlockActive
from handwheel.tools.guardrails.gate.monitoring.crash_recovery import MAYBE_SENT, NOT_SENT
from handwheel.tools.guardrails.interlocks.lockout_files import lockout_file
from handwheel.tools.guardrails.ledger.latched_lockouts import locked_scopes
from handwheel.tools.requests.request import ActionRequest

from ..testbed.edited_policy import ruled_room
from ..testbed.ledger_faults import GONE, TROUBLES, Trouble, full
from ..testbed.with_oracle import SETPOINT, START, START_B, STOP, Watched, nth

WAYS = {"removed": "S1", "full": "S2", "replaced": "S3", "read-only": "S4"}
CASES = [
    pytest.param(trouble, words, id=name, marks=pytest.mark.way_in(WAYS[name]))
    for name, (trouble, words) in TROUBLES.items()
]


def bare(command: str, file: Path) -> None:
    """Another process does it, with nothing around it that says who it is."""
    subprocess.run([command, file], env={}, check=True)


async def point(room: Watched, name: str, number: int) -> int:
    """Lets one action go through; returns where on its way something comes for the n-th time."""
    way = await room.way(START_B)
    room.plant.values[START_B[0]] = False
    return nth(way, name, number)


async def disturbed(
    room: Watched, trouble: Trouble, at: int, *, is_locked_out: bool
) -> ActionRequest:
    """Approves, and brings trouble about at a point of the way; it is over when this returns."""
    request = room.approved()
    with ExitStack() as stack:

        def begin() -> None:
            stack.enter_context(trouble(room))
            if is_locked_out:
                room.desk.lock_out("P-101A")

        room.fuse.arm(at, begin)
        await room.act()
    return request


@pytest.mark.parametrize(("trouble", "words"), CASES)
async def test_the_file_alone_stops_the_frame(room: Watched, trouble: Trouble, words: str) -> None:
    """The intent is proven, and from there on the gate has nothing but the file to go by."""
    at = await point(room, "anchored", 2) + 1  # it looks at the clock, and then at the folder
    before = len(room.plant.frames)
    request = await disturbed(room, trouble, at, is_locked_out=True)
    assert words in room.suspended[-1]
    assert len(room.plant.frames) == before
    assert room.desk.states(request) == ["SENDING"]

    await room.act()  # whoever comes by knows of no frame and of no look at the file
    room.expect(request, "UNKNOWN", MAYBE_SENT, frames=before)
    assert room.faults() == ()
    room.desk.resolve(request.commands[0].action_id, "resolve-not-applied")
    room.watch()
    with pytest.raises(InterlockActive, match="locked out: P-101A"):
        room.desk.propose(START)
    room.desk.release("P-101A")
    await room.go_through(START)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.way_in(WAYS[name])) for name in GONE]
)
async def test_without_the_file_of_the_ledger_the_intent_is_not_enough(
    room: Watched, name: str
) -> None:
    """It was recorded, and in a file that the next gate would not find."""
    trouble, words = GONE[name]
    at = await point(room, "anchored", 2)
    before = len(room.plant.frames)
    request = await disturbed(room, trouble, at, is_locked_out=False)
    assert words in room.suspended[-1]
    assert (room.desk.states(request), len(room.plant.frames)) == (["SENDING"], before)
    await room.act()
    room.expect(request, "UNKNOWN", MAYBE_SENT, frames=before)
    room.desk.resolve(request.commands[0].action_id, "resolve-not-applied")
    await room.go_through(START)


@pytest.mark.parametrize(
    ("at", "state", "reason", "frames"),
    [
        pytest.param(
            ("before transaction", 2), "ABORTED_NOT_SENT", NOT_SENT, 0,
            marks=pytest.mark.way_in("F1"), id="at the intent",
        ),
        pytest.param(("anchored", 2), "UNKNOWN", MAYBE_SENT, 1),
        pytest.param(
            ("frame executed", 1), "UNKNOWN", MAYBE_SENT, 1,
            marks=pytest.mark.way_in("F2"), id="at the outcome",
        ),
    ],
)  # fmt: skip
async def test_a_disk_that_is_full_on_the_way(
    room: Watched, at: tuple[str, int], state: str, reason: str, frames: int
) -> None:
    place = await point(room, *at)
    before = len(room.plant.frames)
    request = await disturbed(room, full, place, is_locked_out=False)
    assert TROUBLES["full"][1] in room.suspended[-1]
    await room.act()
    room.expect(request, state, reason, frames=before + frames)
    await room.act()
    assert len(room.plant.frames) == before + frames
    assert room.faults() == ()
    if frames:
        room.desk.resolve(request.commands[0].action_id, "resolve-applied")
    await room.go_through(STOP if frames else START)


@pytest.mark.way_in("S5")
async def test_a_lockout_while_it_sends_stops_all_but_that_frame(room: Watched) -> None:
    at = await point(room, "frame leaves", 1)
    before = len(room.plant.frames)
    sending, waiting = room.approved(START, START_B), room.approved(SETPOINT)
    room.fuse.arm(at, partial(room.desk.lock_out, "site"))
    for _ in range(3):
        await room.act()
        room.watch()
    frames = [frame.wire.hex() for frame in room.plant.frames[before:]]
    assert frames == [sending.commands[0].wire]
    assert room.desk.states(sending) == ["VERIFIED", "INVALIDATED"]
    assert room.reason(sending, 2) in {"lockout of site", "locked out: site"}
    assert room.reason(waiting) in {"lockout of site", "locked out: site"}
    room.desk.release("site")
    await room.act()
    assert len(room.plant.frames) == before + 1
    await room.go_through(START_B)


@pytest.mark.way_in("S7")
async def test_a_lockout_is_a_file_that_anything_can_make(room: Watched) -> None:
    """No login, no key, no ledger and none of our programs: `touch`, with nothing around it."""
    request = room.approved()
    file = lockout_file(room.site.state, "P-101A")
    bare("touch", file)
    await room.act()  # before the gate has looked at the folder
    room.expect(request, "INVALIDATED", "locked out: P-101A")
    room.watch()
    assert dict(locked_scopes(room.desk.database)) == {"P-101A": 1}
    assert room.plant.frames == []
    await room.go_through(SETPOINT)
    room.desk.release("P-101A")
    await room.go_through(START)


@pytest.mark.way_in("S2")
async def test_the_command_for_it_needs_no_room_on_the_disk(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with ruled_room(tmp_path) as room:
        request, other = room.approved(), room.approved(SETPOINT)
        with full(room):
            code = run_lockout(["P-101A", "--site", str(tmp_path)])
        said = capsys.readouterr()
        assert (code, said.out.splitlines()[0]) == (0, "locked out: P-101A")
        assert "the file may not survive a power cut" in said.err
        for _ in range(2):
            await room.act()
        room.expect(request, "INVALIDATED", "locked out: P-101A")
        assert room.desk.states(other) == ["VERIFIED"]
        assert [frame.connection for frame in room.plant.frames] == ["dcs"]
