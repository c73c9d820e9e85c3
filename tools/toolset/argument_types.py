"""Types that the arguments of a tool may have, each number with a unit."""

from collections.abc import Iterator
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from handwheel.tools.conditions.units import is_known

from .unit import Unit

_ALLOWED = "bool, int, float, str, Literal, an enum, list or dict of these, or one of them or None"
_NUMBERS = (int, float)
_PLAIN = (bool, str, NoneType)
_CHOICES = ({str}, {int})
_KEY_AND_VALUE = 2


def type_faults(annotation: Any, *, has_unit: bool = False) -> Iterator[str]:
    """Yields each fault of a parameter's type.

    Args:
        has_unit: Whether a unit is named around it, as for `Annotated[float | None, Unit("K")]`.
    """
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        units = [each for each in parts[1:] if isinstance(each, Unit)]
        yield from (_unknown(each) for each in units if not is_known(each.name))
        yield from type_faults(parts[0], has_unit=has_unit or bool(units))
    elif annotation in _NUMBERS:
        if not has_unit:
            name = annotation.__name__
            yield f'a number has a unit: write Annotated[{name}, Unit("kPa")], Unit("") for a count'
    elif origin in {Union, UnionType, list}:
        members = [each for each in parts if each is not NoneType]
        if len(members) == 1:
            yield from type_faults(members[0], has_unit=has_unit)
        else:
            yield f"its type is not allowed; take {_ALLOWED}"
    elif origin is dict and len(parts) == _KEY_AND_VALUE and parts[0] is str:
        yield from type_faults(parts[1], has_unit=has_unit)
    elif origin is Literal or _is_enum(annotation):
        values = parts if origin is Literal else [each.value for each in annotation]
        if {type(each) for each in values} not in _CHOICES:
            yield "its choices are not all text or all whole numbers"
    elif annotation not in _PLAIN:
        yield f"its type is not allowed; take {_ALLOWED}"


def _is_enum(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Enum)


def _unknown(unit: Unit) -> str:
    return f'{unit.name!r} is no known unit; write one such as kPa, m3/h or %, or Unit("")'
