"""Tasks of the suite `triage`, each in four orders of its candidates."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from handwheel.agents.planning.planner import PlanningCase
from handwheel.connectors.config.validation import Model, load_model
from handwheel.connectors.config.yaml_documents import read_document
from handwheel.playbooks.language.libraries import library_folder
from handwheel.playbooks.language.loader import load_playbook

NONE = "none"
ORDERS = 4

Reading = Annotated[tuple[str, float], Field(strict=False)]


class FactSpec(Model):
    """Deviation of a task, with the value of each tag and its slope an hour."""

    id: str
    tags: dict[str, Reading]


class TaskSpec(Model):
    """Case with what is right."""

    facts: list[FactSpec]
    candidates: list[str] = Field(min_length=3, max_length=5)
    right: str


class TriageFile(Model):
    """The file `triage.yaml`."""

    schema_: Literal["triage/1"] = Field(alias="schema")
    labels: dict[str, str]
    tasks: dict[str, TaskSpec]


@dataclass(frozen=True, slots=True)
class Task:
    """Case with one order of its candidates.

    Attributes:
        right: Name of the candidate that is right, or `none`.
    """

    name: str
    order: int
    case: PlanningCase
    right: str

    @property
    def chance(self) -> float:
        """Probability that a choice at random is right, 0 to 1."""
        return 1.0 / (len(self.case.candidates) + 1)


@lru_cache
def suite_sha256() -> str:
    """Returns the hash of the file of the suite."""
    return read_document(_path(), "suites/triage.yaml").sha256


def load_tasks(*, has_labels: bool = False) -> list[Task]:
    """Returns each task in each of its orders. Raises `ConfigError` with every problem.

    Args:
        has_labels: Whether the facts say what each tag measures.
    """
    file = load_model(TriageFile, read_document(_path(), "suites/triage.yaml"))
    labels = file.labels if has_labels else {}
    found = [_task(name, spec, labels) for name, spec in file.tasks.items()]
    return [one for each in found for one in _rotated(each)]


def _path() -> Path:
    return Path(str(files("handwheel.evaluation.benchmark").joinpath("suites", "triage.yaml")))


def _task(name: str, spec: TaskSpec, labels: Mapping[str, str]) -> Task:
    facts = [{"id": each.id, "motions": list(_motions(each.tags, labels))} for each in spec.facts]
    candidates = [_candidate(each) for each in spec.candidates]
    return Task(name, 0, PlanningCase(name, "", facts, candidates, {}), spec.right)


def _motions(tags: Mapping[str, Reading], labels: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for name, (reading, per_h) in tags.items():
        value, _, unit = reading.partition(" ")
        moved = {"tag": name, "unit": unit, "value": float(value), "per_h": per_h}
        yield moved | ({"label": labels[name]} if labels else {})


def _candidate(name: str) -> dict[str, Any]:
    title = load_playbook(library_folder() / f"{name}.yaml").file.title
    return {
        "name": name, "playbook": name, "title": title, "risk": "", "code": "", "reason": "",
        "answers": [], "adjusted": [],
    }  # fmt: skip


def _rotated(task: Task) -> Iterator[Task]:
    """Yields a task in four orders, so that a liking for a place shows."""
    every: Sequence[Any] = task.case.candidates
    orders = [[*every[by:], *every[:by]] for by in range(len(every))]
    for number, order in enumerate([*orders, [*reversed(every)]][:ORDERS]):
        yield replace(task, order=number, case=replace(task.case, candidates=order))
