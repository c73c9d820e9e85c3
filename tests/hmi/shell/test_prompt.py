import signal
import subprocess
import sys
from pathlib import Path

import pytest

from handwheel.hmi.shell.terminal.prompt import confirm

from ..command_processes import Terminal, in_terminal

WORD = "run_cmd true"

# Asks once, then says what it got and which input is left for the next one who reads.
_ASK = """
import select, signal, sys
from handwheel.hmi.shell.terminal.prompt import confirm

signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
print("ready", flush=True)
if sys.argv[2] == "wait":
    signal.sigwait({signal.SIGUSR1})
try:
    answer = confirm("type it: ", "run_cmd true", float(sys.argv[1]))
except KeyboardInterrupt:
    sys.exit(130)
left = sys.stdin and sys.stdin.isatty() and select.select([0], [], [], 0.1)[0]
print("got", answer.name, "and more" if left else "and nothing", flush=True)
"""


def _ask(timeout_s: str = "10", start: str = "now") -> tuple[str, ...]:
    return ("-c", _ASK, timeout_s, start)


def _verdict(terminal: Terminal) -> str:
    terminal.read_until(" and ")
    assert terminal.exit_code() == 0
    return terminal.written.rpartition("got ")[2].strip()


@pytest.mark.parametrize(
    ("keys", "verdict"),
    [
        (f"{WORD}\r", "YES"),
        ("run_cmd trux\x7fe\r", "YES"),  # backspace works as anywhere
        ("\r", "NO"),
        (f"{WORD}\x04", "NO"),
        (f"{WORD}\x1b", "NO"),
        (" Run_cmd   TRUE \r", "YES"),
        (f"{WORD}\rrm -r var\r", "YES"),  # pasted: what follows is dropped
    ],
)
def test_only_the_right_word_is_a_yes(keys: str, verdict: str) -> None:
    with in_terminal(*_ask()) as terminal:
        terminal.read_until("type it: ")
        terminal.type(keys)
        assert _verdict(terminal) == f"{verdict} and nothing"


def test_a_wrong_word_is_told_and_asked_again() -> None:
    with in_terminal(*_ask()) as terminal:
        terminal.read_until("type it: ")
        terminal.type(f"run_cmd false\r{WORD}\r")  # pasted: what follows is dropped
        terminal.read_until(f"“run_cmd false” is not the word; the word is  {WORD}\r\ntype it: ")
        terminal.type(f"{WORD}\r")
        assert _verdict(terminal) == "YES and nothing"


@pytest.mark.parametrize(
    ("ahead", "then", "verdict"),
    [(f"{WORD}\r", "", "TIMEOUT"), ("run_cmd", "\r", "NO"), ("no", f"{WORD}\r", "YES")],
)
def test_what_was_typed_ahead_is_dropped(ahead: str, then: str, verdict: str) -> None:
    with in_terminal(*_ask("10" if then else "0.2", "wait")) as terminal:
        terminal.read_until("ready")
        terminal.type(ahead)
        terminal.read_until(ahead.strip())  # the terminal has it, and echoes it
        terminal.process.send_signal(signal.SIGUSR1)
        terminal.read_until("type it: ")
        terminal.type(then)
        assert _verdict(terminal) == f"{verdict} and nothing"


def test_a_person_who_does_not_finish_in_time_has_not_answered() -> None:
    with in_terminal(*_ask("0.2")) as terminal:
        terminal.read_until("type it: ")
        terminal.type(WORD)
        assert _verdict(terminal) == "TIMEOUT and nothing"


def test_ctrl_c_interrupts() -> None:
    with in_terminal(*_ask()) as terminal:
        terminal.read_until("type it: ")
        terminal.type("\x03")
        assert terminal.exit_code() == 130


def test_the_terminal_is_left_as_it_was() -> None:
    compare = f"""
import termios, sys
sys.argv[1:] = ["10", "now"]
before = termios.tcgetattr(0)
exec({_ASK!r})
print("the same" if termios.tcgetattr(0) == before else "changed", flush=True)
"""
    with in_terminal("-c", compare) as terminal:
        terminal.read_until("type it: ")
        terminal.type("\x1b")
        terminal.read_until("the same")


@pytest.mark.parametrize("pipe", ["yes '{word}' | {ask}", "{ask} | cat"])
def test_a_pipe_asks_nothing(pipe: str) -> None:
    command = pipe.format(word=WORD, ask='"$0" "$@"')
    shell = f"import os, sys; os.execvp('sh', ['sh', '-c', {command!r}, *sys.argv[1:]])"
    with in_terminal("-c", shell, sys.executable, *_ask()) as terminal:
        assert _verdict(terminal).startswith("NO_TERMINAL and")
    assert "type it" not in terminal.written


@pytest.mark.parametrize("redirection", ["<&-", "</dev/null", "<file"])
def test_without_a_terminal_nobody_is_asked(redirection: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text(f"{WORD}\n")
    command = ["sh", "-c", f'exec "$0" "$@" {redirection}', sys.executable, *_ask()]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.stdout == "ready\ngot NO_TERMINAL and nothing\n"


@pytest.mark.parametrize("nothing", ["", " ", "\n"])
def test_enter_can_never_be_the_word(nothing: str) -> None:
    with pytest.raises(ValueError, match="nothing is expected"):
        confirm("?", nothing, 1.0)
