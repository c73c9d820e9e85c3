"""The root of the error tree, sorted by who must act.

HandwheelError
├─ ConfigError            the engineer: file:line:column, key, reason; all problems at once
└─ ConnectorError
   ├─ NotConnected        every endpoint that is down, in one error
   ├─ ReadFailed          tag and status code, where a value is needed and none can be used
   ├─ WriteRefused        the plant said no; nothing changed
   └─ WriteOutcomeUnknown sent and unacknowledged; read back and ask, never resend

Bad quality is a value on reads; only who cannot go on without a value raises `ReadFailed`.
"""

import os
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


class HandwheelError(Exception):
    """Root of every error that Handwheel raises on purpose."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong in a file.

    Attributes:
        file: Path as the user knows it.
        line: From 1; 0 if the file as a whole is meant.
        column: From 1.
        key: Where in the document, such as `tags.PT-102.pv.unit`.
        reason: What is wrong and what to do.
    """

    file: str
    line: int
    column: int
    key: str
    reason: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return ": ".join(part for part in (place, self.key, self.reason) if part)


class ConfigError(HandwheelError):
    """The configuration is wrong; carries every problem that was found."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in sorted(problems)))
        self.problems = tuple(sorted(problems))


class ConnectorError(HandwheelError):
    """A device or the way to it is at fault."""


class NotConnected(ConnectorError):
    """Endpoints cannot be reached, or were lost; carries each with its reason."""

    def __init__(self, endpoints: Mapping[str, str]) -> None:
        super().__init__("\n".join(f"{name}: {why}" for name, why in endpoints.items()))
        self.endpoints = dict(endpoints)


class ReadFailed(ConnectorError):
    """A tag has no value to go on with.

    Args:
        tag: The tag's name.
        status: Why, by the status code's name.
    """

    def __init__(self, tag: str, status: object) -> None:
        super().__init__(f"{tag}: {status}")
        self.tag = tag
        self.status = status


class WriteRefused(ConnectorError):
    """The plant said no, or was never asked; nothing changed.

    Args:
        tag: The tag's name.
        code: The device's answer, such as `BadOutOfRange` or `exception 3`, or our reason.
        was_sent: Whether a frame left; false if it was refused on our side.
    """

    def __init__(self, tag: str, code: str, *, was_sent: bool) -> None:
        how = "refused by the device" if was_sent else "not sent"
        super().__init__(f"{tag}: {how}: {code}")
        self.tag = tag
        self.code = code
        self.was_sent = was_sent


class WriteOutcomeUnknown(ConnectorError):
    """A write was sent and not acknowledged: read back and ask a person, never send it again."""

    def __init__(self, tag: str, reason: str) -> None:
        super().__init__(f"{tag}: sent, outcome unknown: {reason}")
        self.tag = tag
        self.reason = reason


def os_reason(error: OSError) -> str:
    """Returns why the operating system refused, in a few plain words: `connection refused`.

    asyncio hides the plain reason behind the address it tried, and joins several
    failed addresses into one text without a number.
    """
    if isinstance(error, socket.gaierror):
        text = str(error.strerror)  # its number is the resolver's, not the system's
    else:
        joined = re.search(r"\[Errno (\d+)\]", str(error))
        number = error.errno or (int(joined[1]) if joined else 0)
        text = os.strerror(number) if number else str(error) or type(error).__name__
    return text[:1].lower() + text[1:]
