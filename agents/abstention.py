"""Playbooks that are due and do not start, with what prevents them, for people to read.

They are in a file of the state folder that the agents replace. It is information, and nothing is
decided by it.
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from handwheel.connectors.config.shared_folder import is_shared
from handwheel.connectors.config.validation import Model
from handwheel.connectors.errors import os_reason
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.engine.diagnosis import CheckResult
from handwheel.tools.guardrails.ledger.runner_lock import live_runner
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.requests.timestamps import Instant, stamp

_FILE = "abstentions.json"
_NOTICE_S = 60.0
"""Shortest time between two notices of the same reason about one playbook."""
_VALUES_S = 5.0
"""Shortest time between two writes of the file of which only values differ."""


class OpenCondition(Model):
    """Condition that would decide, and is not as the playbook needs it."""

    id: str
    side: str  # `for`, `against` or `permissive`
    truth: str
    shown: str  # the condition with its values


class Abstention(Model):
    """Playbook that is due and does not start."""

    playbook: str
    title: str
    roles: dict[str, str]
    condition: str  # the trigger's condition with its values; empty if it cannot be evaluated
    since: str  # stamp since which it is due and does not start
    code: str  # what prevents it: `evidence`, `authority`, `no_gate`, `lockout`, `owner` …
    reason: str  # sentence for a person
    conditions: list[OpenCondition]
    equipment: list[str]  # equipment that it may write to


class _Document(Model):
    schema_: Literal["abstentions/1"] = Field(default="abstentions/1", alias="schema")
    pid: int
    abstentions: list[Abstention]


@dataclass(frozen=True, slots=True)
class Blocked:
    """Reason why a playbook that is due does not start."""

    code: str
    reason: str
    results: tuple[CheckResult, ...] = ()  # the evidence and permissives that prevent it
    is_told: bool = False  # whether people were told otherwise, by an event of a run

    @property
    def key(self) -> str:
        """Text that changes when people are told again. Values are not in it."""
        if not self.results:
            return f"{self.code} {self.reason}"
        return " ".join(f"{each.id} {each.truth.value}" for each in self.results)


class Abstentions:
    """Record of what prevents each playbook that is due, kept by the agents of a site."""

    def __init__(
        self, state: Path, clock: Callable[[], Instant], report: Callable[[str, str], None]
    ) -> None:
        """Takes a `report` that prints a notice about a playbook, nothing for an empty one."""
        self._state, self._clock, self._report = state, clock, report
        self._known: dict[str, Abstention] = {}
        self._keys: dict[str, str] = {}
        self._latest: dict[str, str] = {}  # key of the latest notice about a playbook
        self._told: dict[tuple[str, str], int] = {}  # boot clock of the notices, by name and key
        self._written: tuple[str, float] = ("", 0.0)

    def note(self, plan: BoundPlaybook, condition: str, blocked: Blocked | None) -> None:
        """Notes what prevents a playbook.

        Args:
            blocked: `None` if it is not due, or nothing prevents it.
        """
        name = plan_name(plan)
        if blocked is None:
            self._known.pop(name, None)
            if self._keys.pop(name, None) is not None:
                self._latest[name] = ""  # so that the next time is told
                self._report(name, "")
            return
        before = self._known.get(name)
        since = before.since if before else stamp(self._clock().wall)
        self._known[name] = _abstention(plan, condition, since, blocked)
        self._keys[name] = blocked.key
        self._tell(name, blocked)

    def _tell(self, name: str, blocked: Blocked) -> None:
        mark, now_ms = (name, blocked.key), self._clock().boot_ms
        self._told = {
            each: told_ms
            for each, told_ms in self._told.items()
            if now_ms - told_ms < _NOTICE_S * 1000.0
        }
        if self._latest.get(name) != blocked.key and mark not in self._told:
            self._latest[name], self._told[mark] = blocked.key, now_ms
            if not blocked.is_told:
                self._report(name, f"is due but does not start: {blocked.reason}")

    def publish(self) -> None:
        """Writes the file if something has changed. A disk that refuses is reported."""
        keys, now_ms = json.dumps(sorted(self._keys.items())), self._clock().boot_ms
        written, written_ms = self._written
        is_recent = not self._known or now_ms - written_ms < _VALUES_S * 1000.0
        if keys == written and is_recent:
            return
        document = _Document(
            schema="abstentions/1", pid=os.getpid(), abstentions=list(self._known.values())
        )
        try:
            _replace(self._state / _FILE, document.model_dump_json(by_alias=True))
        except OSError as error:
            self._report(_FILE, f"cannot be written: {os_reason(error)}")
        else:
            self._report(_FILE, "")
        self._written = keys, now_ms


def plan_name(plan: BoundPlaybook) -> str:
    """Returns a playbook's id with what its roles are bound to."""
    return f"{plan.id} ({', '.join(plan.roles.values())})" if plan.roles else plan.id


def read_abstentions(state: Path, database: Database, now: Instant) -> list[Abstention]:
    """Returns what the running agents have written. Empty if none run or it cannot be read.

    Raises `LedgerError` if the ledger cannot be read.
    """
    pid = live_runner(database, now)
    try:
        document = _Document.model_validate_json((state / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, ValidationError, RecursionError):
        return []
    return document.abstentions if pid is not None and document.pid == pid else []


def _abstention(plan: BoundPlaybook, condition: str, since: str, blocked: Blocked) -> Abstention:
    return Abstention(
        playbook=plan.id,
        title=plan.title,
        roles=dict(plan.roles),
        condition=condition,
        since=since,
        code=blocked.code,
        reason=blocked.reason,
        conditions=[
            OpenCondition(id=each.id, side=each.side, truth=each.truth.value, shown=each.shown)
            for each in blocked.results
        ],
        equipment=sorted({write.tag.equipment for write in plan.writes}),
    )


def _replace(place: Path, text: str) -> None:
    draft = place.with_suffix(".new")
    draft.unlink(missing_ok=True)  # left by killed agents; of a link, the link only
    with draft.open("x", encoding="utf-8") as file:
        if is_shared(place.parent.stat()):
            os.fchmod(file.fileno(), 0o640)
        file.write(text)
    draft.replace(place)
