"""Arguments of a tool as a pydantic model, and their JSON schema."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from inspect import Parameter
from typing import Any, cast

from pydantic import BaseModel, Field, ValidationError, create_model
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema

from handwheel.connectors.config.validation import Model, argument_faults
from handwheel.tools.errors import InvalidArguments

# A field's own name must not be one of pydantic's, such as `json`. The alias is the argument's.
_OWN = "argument_"


class _Untitled(GenerateJsonSchema):
    """Schema without titles, which only repeat the names."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Returns `False`."""
        del schema
        return False


@dataclass(frozen=True, slots=True)
class Arguments:
    """Arguments of one tool, checked by their types, with unknown keys forbidden."""

    model: type[BaseModel]

    @classmethod
    def of(cls, parameters: Sequence[Parameter], types: Mapping[str, Any]) -> "Arguments":
        """Returns the arguments of a function.

        Args:
            types: The type of each parameter, with what is annotated.
        """
        fields: dict[str, Any] = {
            f"{_OWN}{each.name}": (types[each.name], _field(each)) for each in parameters
        }
        return cls(create_model("Arguments", __base__=Model, **fields))

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON schema, without references and with unknown keys forbidden."""
        found = self.model.model_json_schema(schema_generator=_Untitled)
        del found["title"]
        enums = found.pop("$defs", {})
        own: dict[str, Any] = _inlined(found, enums)
        return own

    def checked(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the arguments with their defaults, as the function takes them.

        Args:
            given: Values as in JSON, so that an enum's member is its text.

        Raises:
            InvalidArguments: A key or a value is wrong; all of them.
        """
        try:
            found = self.model.model_validate_json(json.dumps(given))
        except ValidationError as error:
            raise InvalidArguments("\n".join(argument_faults(error, self.model))) from None
        except (TypeError, ValueError) as error:
            raise InvalidArguments(f"the arguments are no JSON: {error}") from None
        return {name.removeprefix(_OWN): getattr(found, name) for name in type(found).model_fields}


def _inlined(schema: Any, enums: Mapping[str, Any]) -> Any:
    """Returns a schema with each enum in the place of the reference to it."""
    if isinstance(schema, list):
        return [_inlined(each, enums) for each in cast("list[object]", schema)]
    if not isinstance(schema, dict):
        return schema
    own = {key: _inlined(each, enums) for key, each in cast("dict[str, object]", schema).items()}
    if name := own.pop("$ref", ""):
        enum = enums[name.rpartition("/")[2]]
        own |= {"type": enum["type"], "enum": enum["enum"]}
    return own


def _field(parameter: Parameter) -> FieldInfo:
    default: Any = ... if parameter.default is Parameter.empty else parameter.default
    field: FieldInfo = Field(default, alias=parameter.name)
    return field
