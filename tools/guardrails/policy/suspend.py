"""Limits of `policy.yaml` beyond which actuation is suspended."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import BeforeValidator, Field

from handwheel.connectors.config.durations import Duration, between
from handwheel.connectors.config.validation import Model
from handwheel.connectors.config.yaml_documents import Document
from handwheel.connectors.errors import Problem
from handwheel.connectors.model.site import Site

_SIZE = re.compile(r"(\d{1,9}) ?(MB|GB)", re.ASCII)
_BYTES = {"MB": 1_000_000, "GB": 1_000_000_000}
_LEAST_B, _MOST_B = 1_000_000, 1_000_000_000_000


def _parse_size(text: object) -> int:
    match = _SIZE.fullmatch(text.strip()) if isinstance(text, str) else None
    size = int(match[1]) * _BYTES[match[2]] if match else 0
    if not _LEAST_B <= size <= _MOST_B:
        raise ValueError(f"{text!r} is no size from 1 MB to 1000 GB; write for example: 200 MB")
    return size


class Suspend(Model):
    """Limits of alarms and of free disk space."""

    alarms: list[str] = Field(default_factory=list)  # patterns of bool tags, true during an alarm
    more_than: int = Field(default=10, ge=1, le=1000)  # highest number of alarms in `within`
    within: Annotated[Duration, between(1.0, 86400.0, "1 s and 1 d")] = 600.0  # seconds
    disk: Annotated[int, BeforeValidator(_parse_size)] = 200_000_000  # bytes that must be free

    def alarm_tags(self, site: Site) -> frozenset[str]:
        """Returns the names of the alarm tags."""
        return frozenset(
            tag.name
            for tag in site.tags.values()
            if tag.kind == "bool" and any(fnmatchcase(tag.name, each) for each in self.alarms)
        )


def check_suspend(rule: Suspend, document: Document, site: Site) -> Iterator[Problem]:
    """Yields every pattern of alarms that matches no bool tag."""
    for n, pattern in enumerate(rule.alarms):
        if not rule.model_copy(update={"alarms": [pattern]}).alarm_tags(site):
            reason = f"{pattern!r} matches no bool tag"
            yield document.problem(("suspend", "alarms", n), reason)
