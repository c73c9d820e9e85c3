"""The file `failure_modes.yaml`, the failure modes and effects analysis of a plant."""

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from handwheel.connectors.config.validation import Model, load_model, spelled
from handwheel.connectors.config.yaml_documents import Document, read_document

from .evidence import MOST_DB

PACKAGE = "package:"
_ID = Annotated[str, spelled(r"[a-z0-9][a-z0-9-]{0,62}", "is no id: a-z, 0-9 and hyphen")]
_WEIGHT = Annotated[float, Field(ge=-MOST_DB, le=MOST_DB)]


class SignSpec(Model):
    """Sign of a failure mode, a condition or the residual of a method.

    The weight of a residual rises from `not_met_db` at `from` to `met_db` at `to`, in its unit.
    """

    id: _ID
    text: str = Field("", description="sentence; {measured} is the residual with its unit")
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
    signs: list[SignSpec] = Field(min_length=1, description="what is seen if it is so")
    checks: dict[str, str] = Field(default_factory=dict[str, str], description="expected answers")
    playbook: str = Field("", description="playbook that answers it")

    @property
    def roles(self) -> frozenset[str]:
        """Names of its pieces of equipment in its texts."""
        bound = {role for each in self.bind for role in each}
        return frozenset(bound | ({self.class_.replace("-", "_")} if self.class_ else set()))


class FailureModesFile(Model):
    """The file `failure_modes.yaml`."""

    schema_: Literal["failure-modes/1"] = Field(alias="schema")
    checks: dict[str, CheckSpec] = Field(default_factory=dict[str, CheckSpec])
    modes: list[ModeSpec]


def read_failure_modes(root: Path, name: str) -> tuple[Document, FailureModesFile]:
    """Reads failure modes, of a file in the site's folder or of a package such as `package:cw`.

    Raises `ConfigError` with every problem.
    """
    path, shown = root / name, str(root / name)
    if name.startswith(PACKAGE):
        own = f"{name.removeprefix(PACKAGE)}.yaml"
        path = Path(str(files(__package__ or "").joinpath("library", own)))
        shown = f"{PACKAGE}{own}"
    document = read_document(path, shown)
    return document, load_model(FailureModesFile, document)


def library_names() -> list[str]:
    """Returns the installed failure modes as they are named, such as `package:cw`."""
    folder = files(__package__ or "").joinpath("library")
    names = (each.name for each in folder.iterdir() if each.name.endswith(".yaml"))
    return sorted(f"{PACKAGE}{each.removesuffix('.yaml')}" for each in names)
