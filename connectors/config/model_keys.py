"""Explanations of unknown keys from the keys that the pydantic models know."""

from collections.abc import Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, Tag

from ..hints import did_you_mean


class _Place(NamedTuple):
    """A model, and the other members of its union by their tags."""

    model: type[BaseModel]
    tag: str
    others: Mapping[str, Any]


def unknown_key(model: type[BaseModel], location: Sequence[str | int]) -> str:
    """Returns the reason why a key is unknown, with a suggestion.

    Args:
        location: As pydantic names it, with the tags of unions; the key is its last part.
    """
    key, place = str(location[-1]), _place(model, location[:-1])
    if key.isdigit():
        return (
            "unknown key; a comma ends a value here: write a decimal point, or quotes as in '1,2'"
        )
    if place is None:
        return "unknown key"
    own = _keys(place.model)
    if inner := [name for name in own if key in _keys(_only(own[name]))]:
        return f"unknown key; {key} goes into {inner[0]}: {{{key}: …}}"
    if kinds := [tag for tag, other in place.others.items() if key in _keys(other)]:
        return f"unknown key; {key} is for {' and '.join(kinds)}, and this is {place.tag}"
    return f"unknown key{did_you_mean(key, (each for each in own if each != key))}"


def _place(model: type[BaseModel], location: Sequence[str | int]) -> _Place | None:
    """Returns the model at a location, if only tables, lists and tagged unions lead there."""
    here: Any = model
    found = _Place(model, "", {})
    for part in location:
        keys, origin = _keys(here), get_origin(_only(here))
        found = _Place(model, "", {})
        if keys:
            here = keys.get(str(part))
        elif origin in {dict, list, tuple}:
            here = get_args(_only(here))[-1]
        else:
            members = {tag: each for each in _members(here) for tag in _tags(each)}
            here = members.pop(str(part), None)
            found = _Place(model, str(part), members)
    inner = _only(here)
    is_model = isinstance(inner, type) and issubclass(inner, BaseModel)
    return found._replace(model=inner) if is_model else None


def _keys(annotation: Any) -> dict[str, Any]:
    """Returns the fields of a model by their keys in the file."""
    inner = _only(annotation)
    if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
        return {}
    return {field.alias or name: field.annotation for name, field in inner.model_fields.items()}


def _only(annotation: Any) -> Any:
    """Returns the type inside `Annotated` and beside `None`."""
    if get_origin(annotation) is Annotated:
        return _only(get_args(annotation)[0])
    members = _members(annotation)
    return _only(members[0]) if len(members) == 1 else annotation


def _members(annotation: Any) -> list[Any]:
    if get_origin(annotation) is Annotated and get_origin(get_args(annotation)[0]) is not None:
        return _members(get_args(annotation)[0])
    if get_origin(annotation) not in {Union, UnionType}:
        return []
    return [each for each in get_args(annotation) if each is not type(None)]


def _tags(member: Any) -> list[str]:
    """Returns a union member's tags, from its annotation or its literal."""
    notes = get_args(member)[1:] if get_origin(member) is Annotated else ()
    if tags := [note.tag for note in notes if isinstance(note, Tag)]:
        return tags
    literals = [each for each in _keys(member).values() if get_origin(each) is Literal]
    return [str(value) for each in literals[:1] for value in get_args(each)]
