"""Suite of episodes as its file says, `suite/1`."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from handwheel.agents.diagnosis.failure_modes import read_failure_modes
from handwheel.connectors.config.durations import Duration
from handwheel.connectors.config.validation import Model, load_model
from handwheel.connectors.config.yaml_documents import Document, read_document
from handwheel.connectors.errors import ConfigError, Problem

from .hold_spec import HoldSpec
from .responses import RespondSpec

_Share = Annotated[float, Field(ge=0.0, le=1.0)]
_Drawn = Annotated[tuple[float, float], Field(strict=False)]
Size = float | str | _Drawn
"""Parameter of a fault, a pair of numbers if it is drawn between them."""


class GoalSpec(Model):
    """Shares of all episodes that a suite must show."""

    right: _Share = Field(description="at least")
    wrong: _Share = Field(description="at most")


class EndsBefore(Model):
    """Alarm of the plant before which the judged time ends."""

    alarm: str
    by: Duration


class MismatchSpec(Model):
    """Plants whose constants differ, and from which healthy residuals are learnt first."""

    constants: list[str] = Field(min_length=1, description="each is scaled by a factor of its own")
    off_by: _Share = Field(description="by how much a factor may differ from 1")
    settles: Duration = Field(description="time before the plant is looked at")
    learns: Duration = Field(description="time in which it is learnt")


class RenamedSpec(Model):
    """Episodes that a program plays twice, with the plant's names and with others."""

    units: dict[str, list[str]] = Field(
        description="other units of each, one of which is drawn for an episode"
    )


class CaseSpec(Model):
    """Case of a suite, with the truth by which its episodes are judged."""

    faults: dict[str, dict[str, Size]] = Field(
        description="all but those of `later` begin at the onset; none for a sound plant"
    )
    later: dict[str, Annotated[tuple[Duration, Duration], Field(strict=False)]] = Field(
        default_factory=dict[str, tuple[Duration, Duration]],
        description="how long after the onset a fault begins; `expect` then has the names in the"
        " order of `faults`",
    )
    expect: list[str] = Field(default_factory=list[str], description="names; none for a decoy")
    also: list[str] = Field(default_factory=list[str], description="names that are true as well")
    abstain: list[str] = Field(
        default_factory=list[str], description="suspects of an abstention that is right"
    )
    lasts: Duration | str = Field(description="time after the onset, or a parameter in seconds")
    ends_before: EndsBefore | None = None


class SuiteFile(Model):
    """The file of a suite."""

    schema_: Literal["suite/1"] = Field(alias="schema")
    title: str
    plant: str
    failure_modes: list[str] = Field(description="those that the site of the plant has")
    seeds: int = Field(default=5, ge=1, description="played unless others are asked for")
    onset: Annotated[tuple[Duration, Duration], Field(strict=False)] = (0.0, 0.0)
    goal: GoalSpec
    cases: dict[str, CaseSpec] = Field(default_factory=dict[str, CaseSpec])
    cases_of: str | None = Field(default=None, description="another suite, whose cases it has")
    mismatch: MismatchSpec | None = Field(
        default=None, description="if the plants differ from their data sheets"
    )
    respond: RespondSpec | None = Field(default=None, description="if the agents act")
    renamed: RenamedSpec | None = Field(
        default=None, description="if each episode is played under other names too"
    )
    hold: HoldSpec | None = Field(default=None, description="if a proposer deceives")

    def cases_for(self, *, programs: bool) -> list[str]:
        """Returns the cases of our agents, or those of programs of others."""
        apart: list[str] = list(self.hold.programs.cases) if self.hold else []
        return [each for each in self.cases if not apart or (each in apart) == programs]


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite with the hash of its file, which tells results of different suites apart."""

    name: str
    sha256: str
    file: SuiteFile

    @property
    def modes_sha256(self) -> str:
        """Hash of its failure modes with their weights."""
        read = (read_failure_modes(Path(), each) for each in self.file.failure_modes)
        return sha256(" ".join(each.source.digest for each in read).encode()).hexdigest()


@lru_cache
def load_suite(name: str) -> Suite:
    """Reads an installed suite. Raises `ConfigError` with every problem of its file."""
    path = Path(str(files(__package__ or "").joinpath("suites", f"{name}.yaml")))
    document = read_document(path, f"suites/{name}.yaml")
    file = load_model(SuiteFile, document)
    digest = document.sha256
    if file.cases_of is not None:
        of = load_suite(file.cases_of)
        file = file.model_copy(update={"cases": of.file.cases, "onset": of.file.onset})
        digest = sha256(f"{digest} {of.sha256}".encode()).hexdigest()
    if problems := list(_problems(file, document)):
        raise ConfigError(problems)
    return Suite(name, digest, file)


def _problems(file: SuiteFile, document: Document) -> Iterator[Problem]:
    """Yields what is wrong between two parts of a file."""
    responses = file.respond.responses if file.respond else file.cases
    for case, spec in file.cases.items():
        if case not in responses:
            yield document.problem(("respond", "responses"), f"there is none for {case}")
        for fault in spec.later.keys() - spec.faults.keys():
            yield document.problem(("cases", case, "later", fault), "is no fault of this case")
    for case in responses:
        if case not in file.cases:
            known = ", ".join(file.cases)
            at = ("respond", "responses", case)
            yield document.problem(at, f"there is no case {case!r}; known: {known}")
