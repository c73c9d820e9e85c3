"""Root of the error tree.

HandwheelError
├─ ConfigError            for the engineer: file:line:column, key, reason; all problems at once
└─ ConnectorError
   ├─ NotConnected        every endpoint that is down, in one error
   ├─ WriteRefused        refused by the device or not sent; nothing changed
   └─ WriteOutcomeUnknown sent, not acknowledged; read back and ask, never send again

Bad quality is a value on reads, not an error.
"""

import os
import re
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

_Item = TypeVar("_Item")
_Made = TypeVar("_Made")


class HandwheelError(Exception):
    """Root of every error that Handwheel raises on purpose.

    An error of a worker process says in this one what it said there.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return _copy_of, (type(self), self.args, self.__dict__)


def _copy_of(kind: type[HandwheelError], args: tuple[object, ...], state: Any) -> HandwheelError:
    copy = kind.__new__(kind, *args)
    copy.__dict__.update(state)
    return copy


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One fault in a file."""

    file: str  # path as the user gave it
    line: int  # from 1; 0 for the file as a whole
    column: int  # from 1
    key: str  # place in the document, such as `tags.PT-102.pv.unit`
    reason: str  # what is wrong and what to do

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return ": ".join(part for part in (place, self.key, self.reason) if part)


class ConfigError(HandwheelError):
    """Wrong configuration, with every problem that was found."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in sorted(problems)))
        self.problems = tuple(sorted(problems))

    @classmethod
    def of(cls, reason: str, file: Path | str = "", key: str = "") -> Self:
        """Returns the error of one problem that has no line."""
        return cls([Problem(str(file), 0, 0, key, reason)])


def made_of_each(make: Callable[[_Item], _Made], items: Iterable[_Item]) -> list[_Made]:
    """Returns what is made of each item. Raises `ConfigError` with the problems of all of them."""
    made: list[_Made] = []
    problems: list[Problem] = []
    for item in items:
        try:
            made.append(make(item))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return made


class ConnectorError(HandwheelError):
    """Fault of a device or of the connection to it."""


class NotConnected(ConnectorError):
    """Endpoints that cannot be reached or were lost, each with its reason."""

    def __init__(self, endpoints: Mapping[str, str]) -> None:
        super().__init__("\n".join(f"{name}: {why}" for name, why in endpoints.items()))
        self.endpoints = dict(endpoints)


class WriteRefused(ConnectorError):
    """A write that changed nothing, because it was refused or not sent.

    Args:
        tag: The tag's name.
        code: The device's answer, such as `BadOutOfRange` or `exception 3`, or our reason.
        was_sent: Whether a frame was sent; false if the write was refused on our side.
    """

    def __init__(self, tag: str, code: str, *, was_sent: bool) -> None:
        how = "refused by the device" if was_sent else "not sent"
        super().__init__(f"{tag}: {how}: {code}")
        self.tag = tag
        self.code = code
        self.was_sent = was_sent


class WriteOutcomeUnknown(ConnectorError):
    """A write that was sent and not acknowledged. Read back and ask; never send it again."""

    def __init__(self, tag: str, reason: str) -> None:
        super().__init__(f"{tag}: sent, outcome unknown: {reason}")
        self.tag = tag
        self.reason = reason


def os_reason(error: OSError) -> str:
    """Returns the operating system's reason in plain words, such as `connection refused`.

    asyncio puts the address before the reason, and joins several failed addresses into one text
    without a number.
    """
    if isinstance(error, socket.gaierror):
        text = str(error.strerror)  # its number is the resolver's, not the system's
    else:
        joined = re.search(r"\[Errno (\d+)\]", str(error))
        number = error.errno or (int(joined[1]) if joined else 0)
        text = os.strerror(number) if number else str(error) or type(error).__name__
    return text[:1].lower() + text[1:]
