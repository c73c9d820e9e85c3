"""JSON Schema of `playbook/1`, by which editors complete and check a playbook."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from pydantic.json_schema import DEFAULT_REF_TEMPLATE, GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from handwheel.connectors.config.validation import Model
from handwheel.connectors.model.site import Site

from .schema import PlaybookFile

_ROLE = r"^[a-z][a-z0-9_]*$"
_ROLE_TAG = r"^[a-z][a-z0-9_]*\..+$"  # such as `duty.run_cmd`
_ALARM = ".active"

_Schema = dict[str, Any]


class _Generator(GenerateJsonSchema):
    """Generator without titles, defaults and null, which a person does not write."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


def playbook_schema() -> _Schema:
    """Returns the JSON Schema, draft 2020-12, of a playbook file."""
    return file_schema(PlaybookFile, "playbook/1")


def file_schema(model: type[Model], title: str) -> _Schema:
    """Returns the JSON Schema, draft 2020-12, of a file that people write."""
    schema = model.model_json_schema(ref_template=DEFAULT_REF_TEMPLATE, schema_generator=_Generator)
    for each in schema["$defs"].values():
        del each["title"]
    return {"$schema": _Generator.schema_dialect, **schema, "title": title}


def site_schema(site: Site, roles: Sequence[str]) -> _Schema:
    """Returns the JSON Schema with a site's names as enumerations.

    Args:
        roles: Roles of the policy. Those of a playbook are known by their form only.
    """
    schema = playbook_schema()
    named = _names(site, roles)
    for name, properties in named.items():
        own = schema["$defs"][name]["properties"]
        for key, found in properties.items():
            own[key] = {**own[key], **found}  # a key that is gone raises
    is_asset = {"properties": {"type": {"const": "asset"}}}
    equipment = {"properties": {"default": _enum(site.equipment)}}
    schema["$defs"]["ParameterSpec"] |= {"if": is_asset, "then": equipment}
    return schema


def _names(site: Site, roles: Sequence[str]) -> Mapping[str, Mapping[str, _Schema]]:
    alarms = [
        name.removesuffix(_ALARM)
        for name, tag in site.tags.items()
        if name.endswith(_ALARM) and tag.kind == "bool"
    ]
    classes = {each.class_: None for each in site.equipment.values() if each.class_}
    writable = [name for name, tag in site.tags.items() if site.is_writable(tag)]
    writes = {"propertyNames": _either(writable, _ROLE_TAG)}
    equipment = _either(site.equipment, _ROLE)
    return {
        "ApprovalSpec": {"role": _enum(roles)},
        "HoldPointSpec": {"role": _enum(roles)},
        "AllItemSpec": {"alarm": _enum(alarms)},
        "TriggerItemSpec": {
            "alarm": _enum(alarms),
            "bind": {"additionalProperties": _enum(site.equipment)},
        },
        "ParameterSpec": {"class": _enum(classes)},
        "ConcurrencySpec": {"key": {"items": equipment}},
        "StepSpec": {"write": writes},
        "SafeStepSpec": {"write": writes},
        "UndoSpec": {"write": writes},
        "WorkOrderSpec": {"asset": equipment},
        "WorkOrderEvidenceSpec": {"trend": _either(site.tags, _ROLE_TAG)},
    }


def _enum(words: Iterable[str]) -> _Schema:
    known = list(words)
    return {"enum": known} if known else {"not": {}}  # an empty `enum` is no schema


def _either(words: Iterable[str], pattern: str) -> _Schema:
    return {"anyOf": cast(list[_Schema], [_enum(words), {"pattern": pattern}])}
