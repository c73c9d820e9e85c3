"""Key of a call from outside, under which everything that it files counts once."""

import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from hashlib import sha256
from uuid import uuid4

_LENGTH = 32
_call: ContextVar[tuple[str, list[str]] | None] = ContextVar("call", default=None)


@contextmanager
def keyed_calls(key: str) -> Generator[list[str]]:
    """Has what is filed inside without a key of its own take one of this key and its content.

    A graph that runs a node again then files the same thing once.

    Yields:
        The ids of the requests that were filed inside, or were found filed, in order.
    """
    filed: list[str] = []
    token = _call.set((key, filed))
    try:
        yield filed
    finally:
        _call.reset(token)


def key_of(content: Mapping[str, object]) -> str:
    """Returns the key for something that is filed, another one each time outside of a call."""
    call = _call.get()
    if call is None:
        return uuid4().hex
    return sha256(json.dumps([call[0], content], sort_keys=True).encode()).hexdigest()[:_LENGTH]


def note_filed(request_id: str) -> None:
    """Notes a request that was filed inside of a call."""
    if (call := _call.get()) is not None and request_id not in call[1]:
        call[1].append(request_id)
