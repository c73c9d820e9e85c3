"""File in which the agents keep how their models are, for people and for the next start."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from handwheel.tools.atomic_files import replace_file
from handwheel.tools.problem_log import ProblemLog
from handwheel.tools.requests.timestamps import stamp

from .exchange import Call
from .pooled_model import PooledModel

USAGE_FILE = "models.json"
_SCHEMA = "models/1"


class UsageFile:
    """Health, method and calls of the last hour of each model, in the site's state folder."""

    def __init__(self, state: Path) -> None:
        self._path = state / USAGE_FILE
        self._report = ProblemLog(__name__)

    def content(self) -> Mapping[str, Any]:
        """Returns its content, empty if there is none or it cannot be read."""
        try:
            found: Any = json.loads(self._path.read_text("utf-8"))
            return found if found["schema"] == _SCHEMA else {}
        except (KeyError, OSError, TypeError, ValueError):
            return {}

    def read(self) -> dict[str, list[Call]]:
        """Returns the calls of each model, so that a new start begins no new budget."""
        try:
            models = self.content().get("models", {})
            return {
                name: [Call(**each) for each in fields["calls"]] for name, fields in models.items()
            }
        except (AttributeError, KeyError, TypeError):
            return {}

    def write(self, models: Sequence[PooledModel]) -> None:
        """Writes how the models are. What cannot be written costs only the file."""
        content = {
            "schema": _SCHEMA, "at": stamp(datetime.now(UTC)),
            "models": {
                each.spec.name: {
                    "method": each.method, "fault": each.fault,
                    "calls": [asdict(call) for call in each.calls],
                }
                for each in models
            },
        }  # fmt: skip
        try:
            replace_file(self._path, f"{json.dumps(content)}\n")
            self._report("models.json", "")
        except OSError as error:
            self._report("models.json", f"cannot be written: {error}")
