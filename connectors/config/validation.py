"""Checks documents against pydantic models and explains in plain words what is wrong."""

import re
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    GetJsonSchemaHandler,
    ValidationError,
)
from pydantic_core import CoreSchema

from ..errors import ConfigError
from .model_keys import unknown_key
from .yaml_documents import Document, Path_

ModelT = TypeVar("ModelT", bound=BaseModel)

_SECRETS = {"secret", "password", "passphrase"}  # their values are not shown


class Model(BaseModel):
    """Base of every boundary object, frozen and with unknown keys forbidden."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class _Spelled(AfterValidator):
    pattern: str

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "pattern": f"^({self.pattern})$"}


def spelled(pattern: str, words: str) -> AfterValidator:
    """Returns a validator of texts that match the whole pattern, with the error message `words`."""
    compiled = re.compile(pattern, re.ASCII)

    def check(text: str) -> str:
        if not compiled.fullmatch(text):
            raise ValueError(words)
        return text

    return _Spelled(check, pattern)


KeyId = Annotated[
    str,
    spelled(r"SHA256:[A-Za-z0-9+/]{43}", "is no fingerprint of a key: SHA256: and 43 characters"),
]


def load_model(model: type[ModelT], document: Document, at: Path_ = ()) -> ModelT:
    """Validates a document, or its part at a path.

    Raises `ConfigError` with each unknown, missing or wrong key.
    """
    part: Any = document.data
    for key in at:
        part = part[key]
    try:
        return model.model_validate(part)
    except ValidationError as error:
        raise ConfigError(
            [
                document.problem(path, _reason(item, path, model))
                for item in error.errors()
                for path in [_own_path(document, (*at, *item["loc"]), item["type"])]
            ]
        ) from None


def argument_faults(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """Returns the faults of a document that is no file, each after its key."""
    return [
        f"{'.'.join(map(str, item['loc']))}: {_reason(item, item['loc'], model)}"
        for item in error.errors()
    ]


def _own_path(document: Document, location: Path_, kind: str) -> Path_:
    """Removes the names of union members that pydantic adds to a location."""
    path: Path_ = ()
    for part in location:
        if (*path, part) in document.places:
            path = (*path, part)
    return (*path, location[-1]) if kind == "missing" else path


def _reason(item: Any, path: Path_, model: type[BaseModel]) -> str:
    message = str(item["msg"]).removeprefix("Value error, ")
    context = item.get("ctx", {})
    match item["type"]:
        case "extra_forbidden":
            reason = unknown_key(model, item["loc"])
        case "missing":
            reason = "is missing"
        case "value_error":
            reason = message
        case "union_tag_invalid":
            reason = f"{context['tag']!r} is unknown; known: {context['expected_tags']}"
        case "union_tag_not_found":
            reason = f"{context['discriminator']} is missing"
        case "tuple_type":
            reason = f"must be a list, as in [LOW, HIGH], found {_shown(item['input'])}"
        case "model_type" | "dict_type" | "model_attributes_type":
            reason = f"must be a table of keys, found {_shown(item['input'])}"
        case _:
            reason = f"{message[:1].lower()}{message[1:]}"
            if path[-1:] and path[-1] not in _SECRETS:
                reason += f", found {_shown(item['input'])}"
    return reason


def _shown(value: Any) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
