"""Answer of a model, checked against the question whatever its provider promises."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import Field, ValidationError

from handwheel.connectors.config.validation import Model

from .question import MOST_WORDS, NONE, Question, limit_of

M = TypeVar("M", bound=Model)
_LONGEST = 4000  # characters of an answer


class ModelFault(Exception):
    """Failure of a model. The text says what is wrong, without the answer's own words."""


class ModelLost(ModelFault):
    """A model that cannot be reached any more."""


class NotAsked(ModelFault):
    """A model is not asked now, which is no failure of it."""


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """Choice of a model.

    Attributes:
        candidate: Name of a candidate of the question, empty for none.
        because: The model's words, which nobody has verified.
        values: Values of the playbook, as text with their unit.
    """

    candidate: str
    because: str
    values: Mapping[str, str] = field(default_factory=dict[str, str])


class _Said(Model):
    choice: str
    because: str = Field(max_length=MOST_WORDS)
    values: dict[str, bool | float | str] = Field(default_factory=dict[str, bool | float | str])


class _Answer(Model):
    answer: _Said


def checked_choice(text: str, question: Question) -> ModelChoice:
    """Returns the choice in an answer.

    Raises:
        ModelFault: The answer is empty, cut off, or outside its schema.
    """
    said = parsed(text, _Answer).answer
    if said.choice == NONE:
        if said.values:
            raise ModelFault("it gave values for no candidate")
        return ModelChoice("", said.because)
    offer = next((each for each in question.offers if each["name"] == said.choice), None)
    if offer is None:
        raise ModelFault(f"it chose {ascii(said.choice)[:80]}, which was not offered")
    adjusted = {str(each["name"]): each for each in offer.get("adjusted", ())}
    values = {name: _value(name, raw, adjusted) for name, raw in said.values.items()}
    usual = {name: str(each["default"]) for name, each in adjusted.items()}
    changed = {name: each for name, each in values.items() if not _is_same(each, usual[name])}
    return ModelChoice(said.choice, said.because, changed)


def parsed(text: str, form: type[M]) -> M:
    """Returns an answer as its form has it. Raises `ModelFault` if it is another."""
    if not text.strip():
        raise ModelFault("its answer is empty")
    if len(text) > _LONGEST:
        raise ModelFault(f"its answer has more than {_LONGEST} characters")
    try:
        return form.model_validate_json(text)
    except ValidationError as error:
        is_json = all(each["type"] != "json_invalid" for each in error.errors())
    raise ModelFault(f"its answer is {'outside the schema' if is_json else 'no JSON, or cut off'}")


def _value(name: str, raw: bool | float | str, adjusted: Mapping[str, Mapping[str, Any]]) -> str:
    """Returns a value as text. Numbers are within their limits, whatever a grammar has let by."""
    spec = adjusted.get(name)
    if spec is None:
        raise ModelFault(f"it gave a value for {ascii(name)[:40]}, which has none")
    wrong = ModelFault(f"its value of {name} is none that it may have")
    match spec["type"]:
        case "bool":
            if not isinstance(raw, bool):
                raise wrong
            return str(raw).lower()
        case "enum":
            if raw not in spec["values"]:
                raise wrong
            return str(raw)
        case _:
            return f"{_number(raw, spec, wrong):.6g} {spec.get('unit', '')}".rstrip()


def _number(raw: bool | float | str, spec: Mapping[str, Any], wrong: ModelFault) -> float:
    if isinstance(raw, bool | str):
        raise wrong
    low, high = limit_of(spec, "low"), limit_of(spec, "high")
    if low is None or high is None or not low <= raw <= high:
        raise wrong
    return raw


def _is_same(value: str, usual: str) -> bool:
    number, _, unit = value.partition(" ")
    other, _, own = usual.partition(" ")
    try:
        return unit == own and float(number) == float(other)
    except ValueError:
        return value == usual
