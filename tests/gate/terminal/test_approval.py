"""What a person at a terminal approves is what they read and typed, and nothing comes of less."""
# A reader that needs no plant is put into the gate by the test.
# pyright: reportPrivateUsage=false

import os
import pty
import select
import subprocess
import sys
import termios
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from subprocess import PIPE
from typing import cast

import pytest

from handwheel.connectors.model.values import DataValue
from handwheel.hmi.requests import approve as asking
from handwheel.hmi.shell.terminal.prompt import PromptAnswer
from handwheel.tools.errors import NoGate
from handwheel.tools.guardrails.approval import session
from handwheel.tools.guardrails.gate.monitoring.scanner import Scanner
from handwheel.tools.guardrails.ledger.decisions import load_decisions
from handwheel.tools.guardrails.ledger.store.states import RequestState
from handwheel.tools.guardrails.signatures.decisions import parse_decision
from handwheel.tools.requests.canonical import parse_canonical
from handwheel.tools.requests.request import ActionRequest

from ..testbed.with_oracle import START, Watched

WORD = "P-101A.run_cmd true"
QUESTION = f"Type  {WORD}  to approve"
ASKS = "\r\n> "


@dataclass
class Screen:
    """A terminal of 80 columns, somebody who types at it, and all that it has shown."""

    master: int
    shown: str = ""

    def type(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def answer(self, keys: str) -> None:
        """Types once the question stands there."""
        while ASKS not in self.shown:
            ready, _, _ = select.select([self.master], [], [], 10.0)
            assert ready, f"no question came: {self.shown!r}"
            self.shown += os.read(self.master, 65536).decode()
        self.type(keys)

    def read(self) -> None:
        """Takes what is shown by now."""
        while select.select([self.master], [], [], 0.0)[0]:
            self.shown += os.read(self.master, 65536).decode()

    def forget(self) -> None:
        """Takes all that was shown so far for read."""
        self.read()
        self.shown = ""

    @property
    def lines(self) -> list[str]:
        return self.shown.replace("\r\n", "\n").split("\n")


@contextmanager
def screen(patch: pytest.MonkeyPatch, height: int = 24) -> Generator[Screen]:
    """Lets this process believe that it stands in a terminal."""
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (height, 80))
    with (
        os.fdopen(slave, "r", encoding="utf-8") as keys,
        os.fdopen(os.dup(slave), "w", encoding="utf-8") as glass,
        patch.context() as patched,
    ):
        patched.setattr(sys, "stdin", keys)
        patched.setattr(sys, "stdout", glass)
        patched.setenv("COLUMNS", "80")
        patched.setenv("LINES", str(height))
        patched.setenv("TERM", "dumb")  # no line is drawn over
        try:
            yield Screen(master)
        finally:
            glass.flush()
            os.close(master)


@dataclass(frozen=True)
class EveryTag:
    """What the gate reads all the time, all of it well."""

    room: Watched
    connections: tuple[()] = ()

    def latest(self) -> Mapping[str, DataValue]:
        return self.room.plant.read(list(self.room.site.tags.values()))


@pytest.fixture
def desk(room: Watched, monkeypatch: pytest.MonkeyPatch) -> Watched:
    """A room whose gate shows the plant, and whose terminals go by the room's clock."""
    assert room.gate is not None
    room.gate._reader = cast(Scanner, EveryTag(room))
    monkeypatch.setattr(asking, "instant_now", room.clock.now)
    monkeypatch.setattr(session, "instant_now", room.clock.now)
    monkeypatch.setattr(session, "SETTLE_S", 0.0)
    return room


def asked(room: Watched, **changes: object) -> ActionRequest:
    """A request that waits, and that the gate's picture shows."""
    request, _ = room.desk.request([START])
    draft = parse_canonical(request.text) | changes
    request = ActionRequest.model_validate(draft)
    room.desk.file(request)
    room.note(request)
    assert room.gate is not None
    room.gate._wanted()
    return request


def ask(room: Watched, request: ActionRequest) -> RequestState | None:
    """What `handwheel requests approve` does, by anna, whose key is open."""
    record = room.desk.record(request.request_id)
    return asking.ask(room.desk.decision_context, record, lambda: room.desk.signer("anna"))


def answered(room: Watched, request: ActionRequest, terminal: Screen, keys: str) -> object:
    """What comes of it when somebody types this once they were asked."""
    with ThreadPoolExecutor(1) as typist:
        typing = typist.submit(terminal.answer, keys)
        state = ask(room, request)
        typing.result()
    return state


def verdicts(room: Watched, request: ActionRequest) -> list[str]:
    """What people have said of a request, as the ledger keeps it."""
    rows = load_decisions(room.desk.database, request.request_id)
    return [parse_decision(each.text).verdict for each in rows]


async def expect_only_the_word_counts(
    room: Watched, request: ActionRequest, terminal: Screen
) -> None:
    """Nobody has approved, and nothing moves; answered as it should be, exactly one frame does."""
    await room.go_round()
    record = room.desk.record(request.request_id)
    assert (record.state, record.reason) == ("PENDING", "the policy allows asking")
    assert room.desk.states(request) == ["PLANNED"]
    assert verdicts(room, request) == ["propose"]
    kinds = [row.fields["kind"] for row in room.desk.database.journal()][1:]
    assert kinds == ["gate.started", "request.filed", "request.PENDING", "decision"]
    assert room.plant.frames == []
    terminal.forget()
    room.oracle.told[request.request_id].approvals["anna"] = room.clock.now()
    assert answered(room, request, terminal, f"{WORD}\n") is RequestState.APPROVED
    assert verdicts(room, request) == ["propose", "approve"]
    await room.act()
    room.expect(request, "VERIFIED", "P-101A.run_cmd reads true")
    assert room.wires == [request.commands[0].wire]


@pytest.mark.way_in("P4")
async def test_what_was_typed_before_the_question_approves_nothing(
    desk: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = asked(desk)
    with screen(monkeypatch) as terminal:
        terminal.type(f"{WORD}\n" * 3)
        with monkeypatch.context() as hurried:
            hurried.setattr(asking, "_ANSWER_S", 0.1)
            assert ask(desk, request) is None
        await expect_only_the_word_counts(desk, request, terminal)


Redirect = Callable[[pytest.MonkeyPatch, ExitStack], None]


def pipe_of_yes(patch: pytest.MonkeyPatch, stack: ExitStack) -> None:
    yes = stack.enter_context(subprocess.Popen(["yes", WORD], stdout=PIPE, text=True))
    stack.callback(yes.kill)
    patch.setattr(sys, "stdin", yes.stdout)


def nothing_to_read(patch: pytest.MonkeyPatch, stack: ExitStack) -> None:
    nothing = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115
    patch.setattr(sys, "stdin", stack.enter_context(nothing))


def closed(patch: pytest.MonkeyPatch, _: ExitStack) -> None:
    """As Python has it where standard input was closed."""
    patch.setattr(sys, "stdin", None)


def question_unseen(patch: pytest.MonkeyPatch, _: ExitStack) -> None:
    patch.setattr(sys, "stdout", StringIO())


@pytest.mark.parametrize(
    "redirect",
    [
        pytest.param(pipe_of_yes, marks=pytest.mark.way_in("P5")),
        pytest.param(nothing_to_read, marks=pytest.mark.way_in("P7")),
        pytest.param(closed, marks=pytest.mark.way_in("P7")),
        pytest.param(question_unseen, marks=pytest.mark.way_in("P7")),
    ],
)
async def test_what_is_no_terminal_approves_nothing(
    desk: Watched, monkeypatch: pytest.MonkeyPatch, redirect: Redirect
) -> None:
    request = asked(desk)
    with screen(monkeypatch) as terminal:
        with ExitStack() as stack, monkeypatch.context() as redirected:
            redirect(redirected, stack)
            terminal.type(f"{WORD}\n")
            assert ask(desk, request) is None
        await expect_only_the_word_counts(desk, request, terminal)


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param("\x04", id="at once", marks=pytest.mark.way_in("P6")),
        pytest.param(f"{WORD}\x04", id="after the word", marks=pytest.mark.way_in("P6")),
        "\n", f"{WORD}\x1b",
    ],
)  # fmt: skip
async def test_nothing_less_than_the_word_and_enter_approves(
    desk: Watched, monkeypatch: pytest.MonkeyPatch, keys: str
) -> None:
    request = asked(desk)
    with screen(monkeypatch) as terminal:
        assert answered(desk, request, terminal, keys) is None
        await expect_only_the_word_counts(desk, request, terminal)


HOSTILE = {
    "ANSI escapes": ("P8", "routine\x1b[2J\x1b[1;1Hrisk R1\rapproved\x9b5n", r"\x1b[2J"),
    "backwards": ("P9", "stop \u202etrats\u2066 P-101B\u200f", r"\u202e"),
    "without width": ("P10", "P-101\u200bA\u2060\ufeff\u00ad", r"\u200b"),
}


@pytest.mark.parametrize(
    ("reason", "escaped"),
    [
        pytest.param(reason, escaped, id=name, marks=pytest.mark.way_in(way))
        for name, (way, reason, escaped) in HOSTILE.items()
    ],
)
async def test_what_is_shown_steers_no_terminal(
    desk: Watched, monkeypatch: pytest.MonkeyPatch, reason: str, escaped: str
) -> None:
    request = asked(desk, reason=reason)
    with screen(monkeypatch) as terminal:
        assert answered(desk, request, terminal, "\n") is None
        assert all(line.isprintable() for line in terminal.lines), terminal.shown
        assert escaped in terminal.shown
        assert "P-101A.run_cmd  false → true" in terminal.shown
        await expect_only_the_word_counts(desk, request, terminal)


@pytest.mark.way_in("P11")
async def test_what_is_approved_stands_on_the_screen_with_the_question(
    desk: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = asked(desk, reason="P-101B.run_cmd  true → false " * 60)
    with screen(monkeypatch, height=10) as terminal:
        assert answered(desk, request, terminal, "\n") is None
        assert len(terminal.lines) > 10
        last = "\n".join(terminal.lines[-10:])
        assert "P-101A.run_cmd  false → true" in last
        assert QUESTION in last
        await expect_only_the_word_counts(desk, request, terminal)


async def test_a_card_whose_gate_ends_says_so_and_approves_nothing(
    desk: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = asked(desk)

    def changed(*_: object) -> PromptAnswer:
        desk.kill_gate()
        return PromptAnswer.CHANGED

    monkeypatch.setattr(asking, "confirm", changed)
    ended = pytest.raises(NoGate, match="so nothing was approved; next: handwheel gate")
    with screen(monkeypatch), ended:
        ask(desk, request)
    assert verdicts(desk, request) == ["propose"]


async def test_a_wrong_word_is_explained_and_asked_again(
    desk: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = asked(desk)
    with screen(monkeypatch) as terminal, ThreadPoolExecutor(1) as typist:

        def type_all() -> None:
            for keys in ("yes\n", "run_cmd true\n", "e\n", "  p-101a.run_cmd   TRUE \n"):
                terminal.answer(keys)
                seen.append(terminal.shown)
                terminal.shown = ""

        seen: list[str] = []
        typing = typist.submit(type_all)
        assert ask(desk, request) is RequestState.APPROVED
        typing.result()
    assert f"“yes” is not the word; the word is  {WORD}" in seen[1]
    assert f"“run_cmd true” is not the word; the word is  {WORD}" in seen[2]
    assert "Requires" in seen[3]
