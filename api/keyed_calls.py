"""Key of a call from outside, under which everything that it files counts once."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import uuid4

_LENGTH = 32


@dataclass(slots=True)
class _Call:
    key: str
    filed: list[str] = field(default_factory=list[str])
    count: int = 0  # of the keys that were given in it


_call: ContextVar[_Call | None] = ContextVar("call", default=None)


@contextmanager
def keyed_calls(key: str) -> Generator[list[str]]:
    """Has what is filed inside without a key of its own take one of this key and its place.

    A graph that runs a node again then files the first thing of it once, the second once, and so
    on, also where the second time it would ask for another value.

    Yields:
        The ids of the requests that were filed inside, or were found filed, in order.
    """
    call = _Call(key)
    token = _call.set(call)
    try:
        yield call.filed
    finally:
        _call.reset(token)


def next_key() -> str:
    """Returns the key for something that is filed now, any one outside of a call."""
    call = _call.get()
    if call is None:
        return uuid4().hex
    call.count += 1
    return sha256(f"{call.count} {call.key}".encode()).hexdigest()[:_LENGTH]


def note_filed(request_id: str) -> None:
    """Notes a request that was filed inside of a call."""
    if (call := _call.get()) is not None and request_id not in call.filed:
        call.filed.append(request_id)
