"""The root of the error tree, sorted by who must act.

HandwheelError
├─ ConfigError            the engineer: file:line:column, key, reason; all problems at once
└─ ConnectorError
   └─ NotConnected        every endpoint that is down, in one error

Bad quality is a value on reads, never an exception.
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
