"""Kills the gate and the terminal again and again, and has the witness judge what came of it.

`python -m tests.kill.random_kills.harness --kills 50 --seed 1`
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from re import sub
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any

from ...plants.served import frames_of
from ..child_process import GivenUp
from ..ledger_view import LedgerView
from ..process_group import ProcessGroup
from ..site import COILS, World
from .lockouts import Stop, late_frames, lock_out
from .moments import Moment, Plan, draw
from .result import Result

_WAIT_S = 50.0  # a due action that nobody takes up is over after 10 s
_POLL_S = 0.01
_REFUSAL_LENGTH = 100


class Trial:
    """One run: the rounds in which somebody dies."""

    def __init__(self, root: Path, seed: int, delay_ms: str) -> None:
        self._world = World(root)
        self._seed = seed
        self._random = Random(seed)
        self._device = ("--delay-ms", delay_ms, "--seed", str(seed))
        self._ledger = LedgerView(self._world.ledger)
        self._processes = ProcessGroup(self._world)
        self._deaths: Counter[tuple[str, str]] = Counter()
        self._refused: Counter[str] = Counter()
        self._stops: list[Stop] = []

    def run(self, kills: int) -> Result:
        """Goes on until so many were killed, and judges the whole."""
        rounds, most = 0, 2 * kills + 20
        with self._processes as processes:
            processes.make_world(*self._device)
            self._start("gate", "terminal")
            begun_s = monotonic()
            while self._deaths.total() < kills:
                if rounds == most:
                    raise GivenUp(f"{self._deaths.total()} kills in {rounds} rounds")
                rounds += 1
                self._round(draw(self._random))
            seconds = monotonic() - begun_s
            processes.stop("terminal", "gate")
        return self._judged(rounds, seconds)

    def _judged(self, rounds: int, seconds: float) -> Result:
        export = self._world.export()
        rows = [json.loads(line) for line in export.splitlines()[1:]]
        report = self._world.judged(export)
        faults = [*report.faults, *late_frames(self._stops, self._accepted(), rows, report)]
        audit = self._world.run("journal", "verify")
        if audit.returncode != 0:
            faults.append(f"our own auditor: {audit.stdout}{audit.stderr}")
        return Result(
            self._seed,
            rounds,
            seconds,
            self._deaths,
            Counter(_states(rows)),
            self._refused,
            len(self._stops),
            len(report.matched),
            faults,
        )

    def _start(self, *names: str) -> None:
        launch: Mapping[str, Callable[[], None]] = {
            "gate": self._processes.launch_gate,
            "terminal": self._processes.launch_terminal,
        }
        for name in names:
            launch[name]()
        for name in names:
            self._processes.ready(name)

    def _round(self, plan: Plan) -> None:
        """Has a request approved, kills somebody on its way, and brings all in order again."""
        after, begun = self._ledger.head(), len(self._accepted())
        wanted = [[tag, not self._is_on(tag)] for tag in plan.tags]
        self._processes.tell({"do": "move", "wanted": wanted})
        moment = plan.moment
        stop = None
        dead = ""
        if self._ledger.await_row(after, moment.kind, moment.count, _WAIT_S):
            stop = lock_out(self._world.state, plan.lockout) if plan.lockout else None
            sleep(moment.delay_s)
            dead = self._kill(moment, after)
        if dead:
            self._start(dead)
        if dead != "terminal":
            self._note(self._processes.answer())
        self._settle(after, begun)
        if stop is not None:
            self._stops.append(stop)
            self._release(stop)

    def _kill(self, moment: Moment, after: int) -> str:
        """Kills the victim and notes where the ledger stood; returns who is dead."""
        if moment.victim == "nobody":
            return ""
        if not self._processes.kill(moment.victim):
            errors = self._processes.errors(moment.victim)[-2000:]
            raise GivenUp(f"the {moment.victim} had ended by itself: {errors}")
        self._deaths[moment.victim, self._ledger.state(after)] += 1
        return moment.victim

    def _note(self, refusal: str) -> None:
        """Notes what the terminal was refused: the journal tells of it too."""
        if refusal:
            self._refused[sub(r"R-[0-9A-Z]{8}", "R-…", refusal)[:_REFUSAL_LENGTH]] += 1

    def _settle(self, after: int, begun: int) -> None:
        """Waits until the request is over; what nobody decided is approved, doubts resolved.

        It is rejected only where it cannot be approved: the same may not be asked for again
        soon after.
        """
        until_s = monotonic() + _WAIT_S
        words = iter(("approve", "reject"))
        while monotonic() < until_s:
            standing = self._ledger.standing(after)
            if standing is None:  # the terminal died, or was refused, before it
                return
            if standing.is_under_way:
                sleep(_POLL_S)
            elif action_id := standing.doubtful:
                applied = self._was_applied(action_id, begun)
                order = {"do": "resolve", "action_id": action_id, "applied": applied}
                self._note(self._processes.order(order))
            elif standing.state == "PENDING":
                word = next(words, "reject")
                order = {"do": word, "request_id": standing.request_id}
                self._note(self._processes.order(order))
            elif standing.state == "APPROVED":
                raise GivenUp(f"approved, and nothing of it is due: {standing}")
            else:
                return
        raise GivenUp(f"no end: {self._ledger.standing(after)}")

    def _release(self, stop: Stop) -> None:
        """Ends a lockout; again, if the gate latched it while it was being released."""
        stop.ended = datetime.now(UTC)
        for _ in range(10):
            self._note(self._processes.order({"do": "release", "scope": stop.scope}))
            sleep(0.15)  # the gate looks for lockouts ten times a second
            if stop.scope not in self._ledger.locked():
                return
        raise GivenUp(f"the lockout of {stop.scope} cannot be released")

    def _accepted(self) -> Sequence[Mapping[str, Any]]:
        if not self._world.frames.exists():
            return []
        return [frame for frame in frames_of(self._world.frames) if frame["answer"] == "ok"]

    def _is_on(self, tag: str) -> bool:
        states = _written(tag, self._accepted())
        return states[-1] if states else tag == "P-101A.run_cmd"

    def _was_applied(self, action_id: str, begun: int) -> bool:
        return bool(_written(self._ledger.tag(action_id), self._accepted()[begun:]))


def _written(tag: str, frames: Sequence[Mapping[str, Any]]) -> list[bool]:
    head = f"05{COILS[tag]:04x}"
    return [frame["pdu"][6:8] == "ff" for frame in frames if frame["pdu"].startswith(head)]


def _states(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Returns every state that an action has come to."""
    kinds = (row["kind"].partition(".") for row in rows)
    return [word for machine, _, word in kinds if machine == "action" and word.isupper()]


def run(root: Path, kills: int, seed: int, delay_ms: str = "5..40") -> Result:
    """Kills so many in a folder and returns what came of it."""
    return Trial(root, seed, delay_ms).run(kills)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.kill.random_kills.harness")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--delay-ms", default="5..40", help="the device's answers take so long")
    parser.add_argument("--keep", type=Path, help="an empty folder for everything")
    options = parser.parse_args()
    with ExitStack() as stack:
        root = options.keep or Path(stack.enter_context(TemporaryDirectory()))
        result = run(root, options.kills, options.seed, options.delay_ms)
    print(str(result))
    return 1 if result.faults else 0


if __name__ == "__main__":
    sys.exit(main())
