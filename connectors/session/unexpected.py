"""Errors that a connector must not raise, told as the loss of its connection."""

import logging
from collections.abc import Generator
from contextlib import contextmanager

from ..errors import NotConnected
from .protocols import Session

_logger = logging.getLogger(__name__)


@contextmanager
def as_not_connected(name: str) -> Generator[None]:
    """Raises `NotConnected` with this name in place of every error of a connector.

    So a fault of one connector costs only its connection. One that is unexpected is logged.
    """
    try:
        yield
    except NotConnected as error:
        if name in error.endpoints:
            raise
        raise NotConnected({name: str(error)}) from error
    except Exception as error:
        _logger.exception("connection %s: unexpected error", name)
        reason = f"unexpected {type(error).__name__}: {error}"
        raise NotConnected({name: reason}) from error


async def close(name: str, session: Session) -> None:
    """Closes a session and logs an error, of which there should be none."""
    try:
        await session.close()
    except Exception:  # the next session may work
        _logger.exception("connection %s: unexpected error", name)
