"""What the harness is worth: two defects in the real gate, and the witness sees each.

Each has a twin: the same arrangement with the same gate, but for the defect.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

import pytest

from handwheel.tools.guardrails.ledger.store.database import Database

from ..auditor.audit import Report
from ..plants.served import frames_of
from .child_process import python
from .defects import arrived
from .ledger_view import LedgerView
from .process_group import ProcessGroup
from .site import World

ATTEMPTS = 4
NO_FAULTS = ("--lose", "0", "--swallow", "0", "--delay-ms", "5..10")
ALL_LOST = ("--lose", "1", "--swallow", "0")
ALL_SWALLOWED = ("--lose", "0", "--swallow", "1")
WAIT_S = 15.0


@dataclass(frozen=True)
class Outcome:
    """What one movement came to; `claimed_by` counts the gates that were there for the claim."""

    report: Report
    frames: int
    rows: Mapping[str, int]
    claimed_by: int

    def complaints(self, about: str) -> list[str]:
        return [fault for fault in self.report.faults if about in fault]


def _outcome(
    root: Path, device: Sequence[str], defect: str, *, gates: int = 1, second_line: bool = True
) -> Outcome:
    """Moves one pump through gates with this defect, to the end, and has it judged."""
    world, meeting = World(root), root / "meeting"
    names = [f"gate{n}" for n in range(gates)]
    with ProcessGroup(world) as processes:
        processes.make_world(*device)
        processes.launch_terminal()
        meeting.mkdir()
        with Database(world.state, world.site.name):
            pass
        beside = ("--beside", str(meeting)) if gates > 1 else ()
        alone = () if second_line else ("--no-second-line",)
        for name in names:
            site = ("--site", str(world.site), *beside, *alone)
            processes.start(name, python("kill.broken_gate", "--defect", defect, *site))
        processes.ready("terminal")
        view = LedgerView(world.ledger)
        after = view.head()
        assert not processes.order({"do": "move", "wanted": [["P-101B.run_cmd", True]]})
        _await_end(view, after)
        processes.stop("terminal", *names)
    export = world.export()
    rows = Counter(json.loads(line)["kind"] for line in export.splitlines()[1:])
    frames = len(frames_of(world.frames))
    return Outcome(world.judged(export), frames, rows, arrived(meeting, "claim"))


def _await_end(view: LedgerView, after: int) -> None:
    until_s = monotonic() + WAIT_S
    while (standing := view.standing(after)) is None or standing.is_under_way:
        assert monotonic() < until_s, f"no end: {standing}"
        sleep(0.05)


def _side_by_side(
    folder: Path, defect: str, wanted: Mapping[str, int], *, second_line: bool
) -> Outcome:
    """Has two gates go for one action, again until they really met: then these rows are there."""
    found: Outcome | None = None
    for attempt in range(ATTEMPTS):
        found = _outcome(folder / str(attempt), NO_FAULTS, defect, gates=2, second_line=second_line)
        rows = {kind: found.rows[kind] for kind in wanted}
        if found.claimed_by == 2 and rows == wanted:
            return found
    pytest.fail(f"the gates never met: {found}")


@pytest.mark.timeout(300)
def test_an_unchecked_row_count_lets_two_executors_send_one_action(tmp_path: Path) -> None:
    both = {"action.CLAIMED": 2, "action.SENDING": 2, "action.REFUSED": 0}
    outcome = _side_by_side(tmp_path, "row-count-unchecked", both, second_line=False)
    assert outcome.frames == 2
    assert outcome.complaints("c1 a second time")
    assert outcome.complaints("c1 is sent a second time")


@pytest.mark.way_in("D4")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("second_line", [True, False])
def test_with_the_row_count_checked_the_second_executor_loses(
    tmp_path: Path, second_line: bool
) -> None:
    one = {"action.CLAIMED": 1, "action.SENDING": 1, "action.VERIFIED": 1}
    outcome = _side_by_side(tmp_path, "none", one, second_line=second_line)
    assert outcome.report.faults == ()
    assert outcome.frames == 1


@pytest.mark.timeout(300)
def test_the_second_line_alone_stops_the_second_frame_too(tmp_path: Path) -> None:
    claimed_twice = {"action.CLAIMED": 2, "action.SENDING": 1}
    outcome = _side_by_side(tmp_path, "row-count-unchecked", claimed_twice, second_line=True)
    assert outcome.frames == 1
    assert not outcome.complaints("frame")
    assert outcome.complaints("goes from CLAIMED to CLAIMED")


@pytest.mark.way_in("D8")
@pytest.mark.way_in("D9")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("device", [ALL_LOST, ALL_SWALLOWED])
@pytest.mark.parametrize(("defect", "frames"), [("resend", 2), ("none", 1)])
def test_a_frame_that_is_sent_again_where_no_answer_came(
    tmp_path: Path, device: Sequence[str], defect: str, frames: int
) -> None:
    outcome = _outcome(tmp_path / "world", device, defect)
    assert outcome.frames == frames
    assert outcome.rows["action.UNKNOWN"] == 1
    assert len(outcome.report.faults) == len(outcome.complaints("c1 a second time")) == frames - 1
