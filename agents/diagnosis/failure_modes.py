"""The file `failure_modes.yaml`, the failure modes and effects analysis of a plant."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from handwheel.connectors.config.durations import Duration
from handwheel.connectors.config.plug_ins import UnusablePlugIn
from handwheel.connectors.config.validation import Model, ModelT, load_model, spelled
from handwheel.connectors.config.yaml_documents import Document, Path_, read_content
from handwheel.connectors.errors import ConfigError, Problem
from handwheel.playbooks.language.libraries import PACKAGE, failure_modes_of
from handwheel.playbooks.language.source import Source, id_of, parse_source

from .evidence import MOST_DB

_ID = Annotated[str, spelled(r"[a-z0-9][a-z0-9-]{0,62}", "is no id: a-z, 0-9 and hyphen")]
_WEIGHT = Annotated[float, Field(ge=-MOST_DB, le=MOST_DB)]


EVERY_S = 20.0
"""Process time from one diagnosis to the next, where a file does not say otherwise."""
Every = Annotated[
    Duration, Field(ge=1.0, description="process time from one diagnosis to the next")
]


class SignSpec(Model):
    """Sign of a failure mode, a condition or the residual of a method.

    The weight of a residual rises from `not_met_db` at `from` to `met_db` at `to`, in its unit.
    """

    id: _ID
    text: str = Field("", description="sentence; {measured} is the residual with its unit")
    text_at_zero: str = Field("", description="sentence instead, for a residual of 0 or less")
    that: str = Field("", description="condition in the expression language")
    method: str = Field("", description="installed method that measures a residual")
    inputs: dict[str, str | float] = Field(default_factory=dict[str, str | float])
    from_: float | None = Field(None, alias="from", description="residual that speaks against it")
    to: float | None = Field(None, description="residual from which the sign is met")
    healthy: float = Field(0.0, description="residual without a fault, unless a baseline has it")
    baseline: bool = Field(False, description="whether a baseline is subtracted")
    met_db: _WEIGHT
    not_met_db: _WEIGHT

    @model_validator(mode="after")
    def _check(self) -> Self:
        if bool(self.that) == bool(self.method):
            raise ValueError("needs either that or method")
        if self.method and (self.from_ is None or self.to is None or self.from_ == self.to):
            raise ValueError("a method needs from and to, two different numbers in its unit")
        return self


class CheckSpec(Model):
    """Check that decides between failure modes, a test step or a look in the field.

    It is one check for each piece of equipment whose role stands in braces in its texts.
    """

    title: str
    playbook: str = Field("", description="playbook of the test step")
    ask: str = Field("", description="question to a person in the field")
    role: str = Field("", description="role of the person")
    answers: list[_ID] = Field(min_length=2)
    risk: Literal["R0", "R1", "R2", "R3"] = "R0"
    minutes: Annotated[float, Field(gt=0)]
    weight_db: Annotated[float, Field(gt=0, le=MOST_DB)] = 20.0  # of a person's answer

    @model_validator(mode="after")
    def _check(self) -> Self:
        if bool(self.playbook) == bool(self.ask):
            raise ValueError("needs either playbook or ask")
        if self.ask and not self.role:
            raise ValueError("a question needs the role that answers it")
        return self


class ModeSpec(Model):
    """Failure mode of a class of equipment, of one piece, or of the pieces that `bind` names."""

    id: _ID
    title: str = Field(description="sentence; {ROLE} is a piece of equipment")
    class_: str = Field("", alias="class", description="each piece of it is the role of that name")
    bind: list[dict[str, str]] = Field(default_factory=list[dict[str, str]])
    causes: list[str] = Field(default_factory=list[str])
    is_fault: bool = Field(True, description="false for a change that needs no response")
    prior_db: _WEIGHT
    inputs: dict[str, str | float] = Field(
        default_factory=dict[str, str | float], description="of all its methods that need them"
    )
    signs: list[SignSpec] = Field(min_length=1, description="what is seen if it is so")
    checks: dict[str, str] = Field(default_factory=dict[str, str], description="expected answers")
    playbook: str = Field("", description="playbook that answers it")

    @property
    def roles(self) -> frozenset[str]:
        """Names of its pieces of equipment in its texts."""
        bound = {role for each in self.bind for role in each}
        return frozenset(bound | ({self.class_.replace("-", "_")} if self.class_ else set()))

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.class_ and self.bind:
            raise ValueError("has class and bind; write one of them")
        return self


class FailureModesFile(Model):
    """The file `failure_modes.yaml`."""

    schema_: Literal["failure-modes/1"] = Field(alias="schema")
    every: Every = EVERY_S
    checks: dict[str, CheckSpec] = Field(default_factory=dict[str, CheckSpec])
    modes: list[ModeSpec]


class _Parts(Model):
    """The file with its parts unread, so that a problem of one costs no other."""

    schema_: Literal["failure-modes/1"] = Field(alias="schema")
    every: Every = EVERY_S
    checks: dict[str, Any] = Field(default_factory=dict[str, Any])
    modes: list[Any]


@dataclass(frozen=True, slots=True)
class FailureModes:
    """Failure modes of a file, as far as they are valid."""

    source: Source
    every_s: float  # process time from one diagnosis to the next
    checks: Mapping[str, CheckSpec | None]  # by name, `None` for one with a problem
    modes: Mapping[int, ModeSpec]  # by their place in the file, from 0
    problems: tuple[Problem, ...]

    @property
    def ids(self) -> set[str]:
        """Ids of all its modes, also of those with a problem."""
        return {id_of(each) for each in self.source.document.data["modes"]} - {""}


def read_failure_modes(root: Path, name: str) -> FailureModes:
    """Reads failure modes, of a file in the site's folder or of a package such as `package:cw`.

    Raises:
        UnknownFailureModes: There is no such file or package.
        ConfigError: The file cannot be read at all.
    """
    path, shown = root / name, str(root / name)
    if name.startswith(PACKAGE):
        path, shown = _path_in(name), f"{name}.yaml"
    elif not path.exists():
        raise UnknownFailureModes(f"there is no file {name!r}")
    source = parse_source(read_content(path, shown), shown, path)
    document = source.document
    parts = load_model(_Parts, document)
    problems: list[Problem] = []
    checks = {each: _part(CheckSpec, document, ("checks", each), problems) for each in parts.checks}
    modes = {
        n: mode
        for n in range(len(parts.modes))
        if (mode := _part(ModeSpec, document, ("modes", n), problems)) is not None
    }
    return FailureModes(source, parts.every, checks, modes, tuple(problems))


def _part(
    model: type[ModelT], document: Document, at: Path_, problems: list[Problem]
) -> ModelT | None:
    try:
        return load_model(model, document, at)
    except ConfigError as error:
        problems += error.problems
        return None


class UnknownFailureModes(Exception):
    """A file or package of failure modes that is not there. The text is the reason."""


def _path_in(library: str) -> Path:
    own = _library() / f"{library.removeprefix(PACKAGE)}.yaml"
    try:
        return own if own.exists() else failure_modes_of(library)
    except UnusablePlugIn as error:
        raise UnknownFailureModes(str(error)) from error


def _library() -> Path:
    return Path(str(files("handwheel.agents.diagnosis"))) / "library"
