"""A session for one purpose, opened with a few attempts and closed afterwards."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_fixed

from ..errors import NotConnected
from ..session.protocols import Connector, Session
from ..session.unexpected import as_not_connected, close


@asynccontextmanager
async def open_session(connector: Connector) -> AsyncGenerator[Session]:
    """Opens a session for the length of the context.

    Raises:
        NotConnected: The device cannot be reached or refuses the session, three times.

    Effect: OBSERVE. Retry: twice, on the connection only. Timeout: the connection's `timeout` for
    each of three attempts to connect, with pauses of 0.25 s. Closing adds up to 1 s to each.
    """
    retrying = AsyncRetrying(
        stop=stop_after_attempt(3),
        wait=wait_fixed(0.25),
        retry=retry_if_exception_type(NotConnected),
        reraise=True,
    )
    with as_not_connected(connector.name):
        session: Session = await retrying(connector.open)
    try:
        yield session
    finally:
        await close(connector.name, session)
