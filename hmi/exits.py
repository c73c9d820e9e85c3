"""Exit codes, and every error as one clear message.

0 done · 1 the answer is no · 2 usage or configuration · 3 not reachable ·
4 waiting for a person · 130 interrupted
"""

import asyncio
import logging
import signal
import sys
from collections.abc import Coroutine, Generator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

NO = 1
CONFIGURATION = 2
UNREACHABLE = 3
INTERRUPTED = 130


def fail(message: str, code: int) -> NoReturn:
    """Prints a message to standard error and exits."""
    for line in message.splitlines():
        sys.stderr.write(f"handwheel: {line}\n")
    raise SystemExit(code)


@contextmanager
def report_errors() -> Generator[None]:
    """Turns errors that were raised on purpose into a message and an exit code."""
    from handwheel.connectors.errors import ConfigError, HandwheelError, NotConnected
    from handwheel.sim_plant.errors import SimulationError

    try:
        yield
    except ConfigError as error:
        fail(str(error), CONFIGURATION)
    except NotConnected as error:
        fail(f"not reachable\n{error}", UNREACHABLE)
    except (HandwheelError, SimulationError) as error:
        fail(str(error), CONFIGURATION)
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None


def run(main: Coroutine[Any, Any, None]) -> None:
    """Runs a command's coroutine; Ctrl-C and SIGTERM cancel it, so that it can clean up."""
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)  # every fault reaches us as an error
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    try:
        asyncio.run(_with_sigterm(main))
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None
    except asyncio.CancelledError:
        raise SystemExit(INTERRUPTED) from None


async def _with_sigterm(main: Coroutine[Any, Any, None]) -> None:
    task = asyncio.current_task()
    assert task is not None
    with suppress(NotImplementedError):  # no signal handlers on Windows
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await main
