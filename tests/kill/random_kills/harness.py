"""Kills the gate and the terminal at random moments, and has the witness judge what came of it.

`python -m tests.kill.random_kills.harness --kills 50 --seed 1`
"""

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any, Literal

from ...auditor.audit import Report
from ...plants.served import frames_of
from ..deaths import Deaths
from ..ledger_view import LedgerView
from ..process_group import GivenUp, ProcessGroup, gate_command, python
from ..site import COILS, SCOPES, World

_WAIT_S = 50.0  # a due action that nobody takes up is over after 10 s
_POLL_S = 0.01
_DELAY = ("--delay-ms", "5..40")  # of the device's answers
_GROUP = {"site", "PUMPS-101"}

Victim = Literal["gate", "terminal", "nobody"]

# The gate's way, and how long it takes from there to the outcome, about.
_WAY_S = {
    "action.DUE": 0.25,
    "action.CLAIMED": 0.12,
    "action.SENDING": 0.07,
    "action.VERIFIED": 0.0,
}
_OFTEN = (20, 30, 40, 10)  # most die where a frame may be on its way
_TERMINAL_KINDS = ("request.filed", "decision", "request.APPROVED")


@dataclass(frozen=True)
class Plan:
    """One round: kill the victim so long after the first, or second, row of a kind.

    Attributes:
        tags: What is moved by one request.
        lockout: What is locked out at that row; empty for nothing.
    """

    tags: tuple[str, ...]
    victim: Victim
    kind: str
    delay_s: float
    count: int
    lockout: str


def draw(random: Random) -> Plan:
    """Draws a round: mostly the gate dies; a fourth has two commands, a tenth a lockout."""
    tags = random.sample(sorted(COILS), 2 if random.random() < 0.25 else 1)
    lockout = random.choice(SCOPES) if random.random() < 0.10 else ""
    luck = random.random()
    if luck >= 0.20:
        kind = random.choices(list(_WAY_S), _OFTEN)[0]
        delay_s, count = random.uniform(0.0, _WAY_S[kind]), random.randint(1, len(tags))
        return Plan(tuple(tags), "gate", kind, delay_s, count, lockout)
    victim: Victim = "terminal" if luck >= 0.05 else "nobody"
    kind = random.choice(_TERMINAL_KINDS if victim == "terminal" else list(_WAY_S))
    return Plan(tuple(tags), victim, kind, random.uniform(0.0, 0.05), 1, lockout)


@dataclass
class Stop:
    """A lockout, from when its file was there to when its release was asked for."""

    scope: str
    begun: datetime
    ended: datetime | None = None

    def covers(self, frame: Mapping[str, Any]) -> bool:
        """Whether the frame came while it held, to equipment that it stops."""
        address = int(frame["pdu"][2:6], 16)
        equipment = next(tag[:6] for tag, coil in COILS.items() if coil == address)
        if self.scope not in _GROUP | {equipment}:
            return False
        at = datetime.fromisoformat(frame["wall"])
        return self.begun < at and (self.ended is None or at < self.ended)


def lock_out(state: Path, scope: str) -> Stop:
    """Makes the file that stops the gate; it may be there already."""
    os.close(os.open(state / "lockout" / scope, os.O_CREAT | os.O_WRONLY, 0o644))
    return Stop(scope, datetime.now(UTC))


def late_frames(
    stops: Sequence[Stop],
    frames: Sequence[Mapping[str, Any]],
    rows: Sequence[Mapping[str, Any]],
    report: Report,
) -> Iterator[str]:
    """Yields the frames after a lockout that are not the one in flight.

    The gate looks once more after its intent is on disk: of an intent that is younger than the
    lockout no frame may come.
    """
    actions = {match.frame: match.action_id for match in report.matched}
    sent = {row["subject"]: row["at"] for row in rows if row["kind"] == "action.SENDING"}
    for stop in stops:
        for frame in filter(stop.covers, frames):
            intent = sent.get(actions.get(frame["n"], ""))
            if intent is None or datetime.fromisoformat(intent) > stop.begun:
                yield f"frame {frame['n']}: came after the lockout of {stop.scope}"


@dataclass(frozen=True)
class Result:
    """What a run came to; `passed` counts the states that actions came to."""

    told: str
    deaths: Deaths
    passed: Mapping[str, int]
    stops: int
    faults: Sequence[str]

    def __str__(self) -> str:
        faults = [f"FAULT  {each}" for each in self.faults]
        return "\n".join([self.told, *self.deaths.table(), str(self.passed), *faults])


class Trial:
    """One run: the rounds in which somebody dies."""

    def __init__(self, root: Path, seed: int) -> None:
        self._world, self._seed = World(root), seed
        self._random = Random(seed)
        self._ledger = LedgerView(self._world.ledger)
        self._processes = ProcessGroup(self._world)
        self._deaths = Deaths()
        self._stops: list[Stop] = []

    def run(self, kills: int) -> Result:
        """Goes on until so many were killed, and judges the whole."""
        rounds, begun_s = 0, monotonic()
        with self._processes as processes:
            self._world.root.mkdir(parents=True, exist_ok=True)
            log, seed = str(self._world.frames), str(self._seed)
            device = ("--frame-log", log, *_DELAY, "--seed", seed)
            ports = processes.start("device", python("plants.devices.lossy_pumps", *device))
            self._world.make(ports["ports"]["modbus"], ports["ports"]["modbus_gate"])
            self._start("gate", "terminal")
            while self._deaths.total() < kills:
                if rounds == 2 * kills + 20:
                    raise GivenUp(f"{self._deaths.total()} kills in {rounds} rounds")
                rounds += 1
                self._round(draw(self._random))
            processes.stop("terminal", "gate")
        export = self._world.export()
        rows = [json.loads(line) for line in export.splitlines()[1:]]
        report = self._world.judged(export)
        late = late_frames(self._stops, self._accepted(), rows, report)
        told = f"seed {seed}: {rounds} rounds in {monotonic() - begun_s:.0f} s"
        faults = [*report.faults, *late, *self._world.audited()]
        passed = Counter(
            row["kind"].removeprefix("action.") for row in rows if row["kind"].startswith("action.")
        )
        return Result(told, self._deaths, passed, len(self._stops), faults)

    def _start(self, *names: str) -> None:
        commands = {
            "gate": gate_command(self._world.site),
            "terminal": python("kill.operator_terminal", str(self._world.root)),
        }
        for name in names:
            self._processes.launch(name, commands[name])
        for name in names:
            self._processes.ready(name)

    def _round(self, plan: Plan) -> None:
        """Has a request approved, kills somebody on its way, and brings all in order again."""
        after, begun = self._ledger.head(), len(self._accepted())
        wanted = [[tag, not self._is_on(tag)] for tag in plan.tags]
        self._processes.tell({"do": "move", "wanted": wanted})
        stop = None
        dead = ""
        if self._ledger.await_row(after, plan.kind, plan.count, _WAIT_S):
            stop = lock_out(self._world.state, plan.lockout) if plan.lockout else None
            sleep(plan.delay_s)
            dead = self._kill(plan.victim, after)
        if dead:
            self._start(dead)
        if dead != "terminal":
            self._processes.answer()
        self._settle(after, begun)
        if stop is not None:
            self._stops.append(stop)
            self._release(stop)

    def _kill(self, victim: Victim, after: int) -> str:
        """Kills the victim and notes where the ledger stood; returns who is dead."""
        if victim == "nobody":
            return ""
        if not self._processes.kill(victim):
            errors = self._processes.errors(victim)[-2000:]
            raise GivenUp(f"the {victim} had ended by itself: {errors}")
        self._deaths[victim, self._ledger.state(after)] += 1
        return victim

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
                self._processes.order(order)
            elif standing.state == "PENDING":
                word = next(words, "reject")
                self._processes.order({"do": word, "request_id": standing.request_id})
            elif standing.state == "APPROVED":
                raise GivenUp(f"approved, and nothing of it is due: {standing}")
            else:
                return
        raise GivenUp(f"no end: {self._ledger.standing(after)}")

    def _release(self, stop: Stop) -> None:
        """Ends a lockout; again, if the gate latched it while it was being released."""
        stop.ended = datetime.now(UTC)
        for _ in range(10):
            self._processes.order({"do": "release", "scope": stop.scope})
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


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.kill.random_kills.harness")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        result = Trial(Path(folder) / "world", options.seed).run(options.kills)
    print(str(result))
    return 1 if result.faults else 0


if __name__ == "__main__":
    sys.exit(main())
