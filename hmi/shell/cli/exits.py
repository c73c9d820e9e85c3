"""Exit codes and error messages of the command line.

0 done · 1 the answer is no · 2 usage or configuration · 3 not reachable ·
4 waiting for a person · 130 interrupted
"""

import os
import sys
from collections.abc import Coroutine, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from ..terminal.wrap import fold

NO = 1
CONFIGURATION = 2
UNREACHABLE = 3
WAITING = 4
_READERS = ("playbooks", "policy", "requests", "tags")  # commands that read a site's devices


def fail(message: str, code: int = CONFIGURATION) -> NoReturn:
    """Prints a message as `report` and exits, by default for usage or configuration."""
    report(message)
    raise SystemExit(code)


def report(message: str) -> None:
    """Prints a message to standard error. A next step stands on a line of its own."""
    from handwheel.connectors.hints import NEXT

    for line in message.splitlines():
        start = "" if line.startswith(NEXT) else "handwheel: "
        sys.stderr.write(fold(f"{start}{line}", stream=sys.stderr) + "\n")


def not_reachable(endpoints: Mapping[str, str]) -> str:
    """Returns a line for each connection that cannot be reached, with the reason."""
    return "\n".join(f"not reachable: {name}: {why}" for name, why in endpoints.items())


@contextmanager
def report_errors(words: Sequence[str]) -> Generator[None]:
    """Turns the errors of Handwheel and of the OS into a message and an exit code.

    Args:
        words: The command line, which is shown again where it must name who signs.
    """
    from handwheel.connectors.errors import ConfigError, HandwheelError, NotConnected, os_reason
    from handwheel.connectors.hints import next_step
    from handwheel.errors import NoAgents
    from handwheel.sim_plant.errors import SimulationError
    from handwheel.tools.errors import GuardrailError, NoGate, Unanswered

    from .signer_options import SignerUnclear

    try:
        try:
            yield
        finally:
            _flush_output()
    except ConfigError as error:
        fail(str(error))
    except NotConnected as error:
        step = f"\n{next_step('check', '--online')}" if words[0] in _READERS else ""
        fail(f"{not_reachable(error.endpoints)}{step}", UNREACHABLE)
    except (NoAgents, NoGate) as error:
        fail(str(error), UNREACHABLE)
    except (GuardrailError, Unanswered) as error:
        fail(str(error), NO)
    except SignerUnclear as error:
        steps = [next_step(*words, "--as", person) for person in error.people]
        fail("\n".join([str(error), *steps]))
    except (HandwheelError, SimulationError) as error:
        fail(str(error))
    except BrokenPipeError:
        raise SystemExit(NO) from None  # as typer does, since no reader is left
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        fail(f"{where}{os_reason(error)}")


def _flush_output() -> None:
    # Flushing fails again after a failed write, since the text is still buffered.
    try:
        sys.stdout.flush()
    except OSError as error:
        _drop_output()
        error.filename = "standard output"
        raise


def _drop_output() -> None:
    # The buffered text would fail again at the interpreter's exit, with a traceback.
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


def run(main: Coroutine[Any, Any, None]) -> None:
    """Runs a command's coroutine. Ctrl-C and SIGTERM cancel it, so that it can clean up."""
    import asyncio

    from .interrupts import cancelled_by_signals

    silence_protocols()
    asyncio.run(cancelled_by_signals(main))


def silence_protocols() -> None:
    """Ends what the protocol libraries log on standard error."""
    import logging

    # Every fault is raised as an error, also those that asyncua logs as fatal.
    logging.getLogger("asyncua").setLevel(logging.CRITICAL + 1)
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)


@contextmanager
def silence_models() -> Generator[None]:
    """Keeps back what language models log, for a command that shows the same itself."""
    import logging

    log = logging.getLogger("handwheel.agents.planning.model")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(level)


@contextmanager
def mcp_sdk() -> Generator[None]:
    """Ends the command with what to install if an import inside lacks the SDK."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name != "mcp":
            raise
        fail("the MCP SDK is not installed: pip install 'handwheel[mcp]'")
