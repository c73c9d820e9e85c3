"""Death of the agents at one of the writes that a run's life consists of."""

from collections import Counter
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from handwheel.tools.guardrails.approval.messages.agents import Effects
from handwheel.tools.guardrails.approval.messages.run_events import RecordEvent
from handwheel.tools.guardrails.approval.messages.run_requests import (
    EndRequest,
    FileSegment,
    SetDue,
)


class Killed(BaseException):
    """The process is gone; nobody may catch it."""


class Fuse:
    """Counts the writes that a run's life consists of, and ends the agents at one of them."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.moment = ""
        self.passed = list[str]()
        self._counts = Counter[str]()
        self._on(patch, RecordEvent, "apply", _event)
        names = {
            Effects: "effects", FileSegment: "file_segment", SetDue: "set_due",
            EndRequest: "end_request",
        }  # fmt: skip
        for kind, name in names.items():
            self._on(patch, kind, "apply", Mock(return_value=name))
        self._on(patch, InMemorySaver, "put", Mock(return_value="checkpoint"))

    def begin(self, moment: str) -> None:
        self.moment, self.passed = moment, []
        self._counts.clear()

    def _on(
        self, patch: pytest.MonkeyPatch, place: object, name: str, name_of: Callable[..., str]
    ) -> None:
        work: Callable[..., Any] = getattr(place, name)

        def fused(*arguments: Any, **more: Any) -> Any:
            if not (moment := name_of(*arguments)):
                return work(*arguments, **more)
            self._counts[moment] += 1
            numbered = f"{moment} {self._counts[moment]}"
            self._burn(f"before {numbered}")
            result = work(*arguments, **more)
            self._burn(f"after {numbered}")
            return result

        patch.setattr(place, name, fused)

    def _burn(self, moment: str) -> None:
        self.passed.append(moment)
        if moment == self.moment:
            raise Killed


def _event(event: RecordEvent, *_: object) -> str:
    """Names an event of a run; of no other."""
    family, _dot, kind = event.kind.partition(".")
    if family != "run":
        return ""
    return f"step {event.body['step']} {event.body['to']}" if kind == "step" else kind
