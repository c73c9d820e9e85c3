"""Body of a message, which must be small, whole and in time."""

import asyncio
from http import HTTPStatus

from aiohttp import web

from .rejections import Rejected

_PATIENCE_S = 5.0  # for its last byte


async def read_body(request: web.Request, largest: int) -> bytes:
    """Returns the body of a message, or raises `Rejected`.

    Args:
        largest: Its most bytes. The application's `client_max_size` is the same.

    Effect: none. Retry: none. Timeout: 5 s for its last byte.
    """
    if (request.content_length or 0) > largest:
        raise _too_large(largest)
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise _too_large(largest) from None
    except TimeoutError:
        reason = f"its end did not come within {_PATIENCE_S:g} s"
        raise Rejected(HTTPStatus.REQUEST_TIMEOUT, "half-sent", reason) from None


def _too_large(largest: int) -> Rejected:
    reason = f"it has more than {largest} bytes"
    return Rejected(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", reason)
