"""The where clause of an event filter, each element evaluated once.

Source: OPC UA Part 4, 7.7 (ContentFilter); null makes a comparison false.
"""

import operator
from collections.abc import Callable, Sequence
from typing import Any, cast

from asyncua import ua
from asyncua.ua.status_codes import StatusCodes

from .event_fields import EventNotification, EventTypes

_MOST_ELEMENTS = 200


def _compare(how: Callable[[Any, Any], bool], left: Any, right: Any) -> bool:
    if left is None or right is None:
        return False
    try:
        return bool(how(left, right))
    except TypeError:  # an order between values that have none
        return False


def _is_between(values: Sequence[Any]) -> bool:
    value, low, high = values
    return _compare(operator.ge, value, low) and _compare(operator.le, value, high)


_OPERATORS: dict[ua.FilterOperator, Callable[[Sequence[Any]], bool]] = {
    ua.FilterOperator.Equals: lambda values: _compare(operator.eq, *values),
    ua.FilterOperator.GreaterThan: lambda values: _compare(operator.gt, *values),
    ua.FilterOperator.LessThan: lambda values: _compare(operator.lt, *values),
    ua.FilterOperator.GreaterThanOrEqual: lambda values: _compare(operator.ge, *values),
    ua.FilterOperator.LessThanOrEqual: lambda values: _compare(operator.le, *values),
    ua.FilterOperator.Between: _is_between,
    ua.FilterOperator.InList: lambda values: any(
        _compare(operator.eq, values[0], each) for each in values[1:]
    ),
    ua.FilterOperator.IsNull: lambda values: values[0] is None,
    ua.FilterOperator.Not: lambda values: values[0] is False,
    ua.FilterOperator.And: lambda values: values[0] is True and values[1] is True,
    ua.FilterOperator.Or: lambda values: values[0] is True or values[1] is True,
}
_OPERANDS = {
    **dict.fromkeys(_OPERATORS, 2),
    ua.FilterOperator.IsNull: 1,
    ua.FilterOperator.Not: 1,
    ua.FilterOperator.OfType: 1,
    ua.FilterOperator.Between: 3,
}


class WhereClause:
    """Where clause of a client's event filter, to be checked before use."""

    def __init__(self, clause: Any, types: EventTypes) -> None:
        self._elements: Sequence[Any] = (clause.Elements if clause is not None else None) or []
        self._types = types

    def check(self) -> int:
        """Returns the status code of the clause, whose operands may only refer further down."""
        if len(self._elements) > _MOST_ELEMENTS:
            return StatusCodes.BadEventFilterInvalid
        for index, element in enumerate(self._elements):
            operands = _operands(element)
            wanted = _OPERANDS.get(element.FilterOperator)
            if element.FilterOperator == ua.FilterOperator.InList:
                wanted = max(2, len(operands))
            if wanted is None:
                return StatusCodes.BadFilterOperatorUnsupported
            if len(operands) != wanted:
                return StatusCodes.BadFilterOperandCountMismatch
            if not all(self._is_sound(operand, index) for operand in operands):
                return StatusCodes.BadFilterOperandInvalid
        return StatusCodes.Good

    def _is_sound(self, operand: object, index: int) -> bool:
        if isinstance(operand, ua.ElementOperand):
            return index < cast(int, operand.Index) < len(self._elements)
        return isinstance(operand, ua.LiteralOperand | ua.SimpleAttributeOperand)

    def passes(self, event: EventNotification) -> bool:
        """Returns whether the event passes, as every event does with an empty clause."""
        results: dict[int, Any] = {}
        for index in reversed(range(len(self._elements))):
            element = self._elements[index]
            operands = _operands(element)
            values = [_value(each, event, results) for each in operands]
            results[index] = self._evaluate(element.FilterOperator, values, event)
        return results.get(0, True) is True

    def _evaluate(
        self, what: ua.FilterOperator, values: list[Any], event: EventNotification
    ) -> bool:
        if what == ua.FilterOperator.OfType:
            return self._types.is_kind_of(event.fields["EventType"].Value, values[0])
        return _OPERATORS[what](values)


def _operands(element: Any) -> list[Any]:
    operands: list[Any] | None = element.FilterOperands
    return operands or []


def _value(operand: Any, event: EventNotification, results: dict[int, Any]) -> Any:
    if isinstance(operand, ua.ElementOperand):
        return results[cast(int, operand.Index)]
    if isinstance(operand, ua.LiteralOperand):
        return _content(operand.Value)
    return _content(event.select(operand))


def _content(variant: Any) -> Any:
    return variant.Value if variant is not None else None
