"""Snapshots of dataclasses as plain JSON values."""

from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from math import inf, isfinite
from typing import TYPE_CHECKING, Any, TypeGuard, cast

from .errors import SnapshotError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


Limited = tuple[str, float, float, float]
"""Name of a value, the value, its low and its high end."""


def check_limits(values: Iterable[Limited]) -> None:
    """Checks values of a snapshot. Raises `SnapshotError` with the first outside its limits."""
    for name, value, low, high in values:
        if not low <= value <= high:
            raise SnapshotError(f"state.{name} lies outside {low:g} to {high:g}")


def capture(state: "DataclassInstance") -> dict[str, Any]:
    """Copies a dataclass, and those inside it, into dictionaries of plain JSON values.

    Its fields hold floats, ints, booleans, strings, dataclasses, or dictionaries and lists of
    these. The copy shares nothing with the model and survives JSON without loss.
    """
    return {field.name: _plain(getattr(state, field.name)) for field in fields(state)}


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return capture(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in cast(dict[str, Any], value).items()}
    if _is_list(value):
        return [_plain(item) for item in value]
    return value


def _is_list(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def restore(state: "DataclassInstance", saved: Any, path: str = "snapshot") -> None:
    """Writes what `capture` returned back into a dataclass of the same class, in place.

    Its present values give the expected types.

    Raises:
        SnapshotError: A key is missing, unknown or of another type. The object may then
            be half overwritten; restore into a fresh one.
    """
    names = {field.name for field in fields(state)}
    if not isinstance(saved, dict):
        raise SnapshotError(f"{path}: expected a table, found {saved!r}")
    if names != saved.keys():
        difference = ", ".join(sorted(names ^ saved.keys()))
        raise SnapshotError(f"{path}: these keys are missing or unknown: {difference}")
    for name in names:
        setattr(state, name, _revived(getattr(state, name), saved[name], f"{path}.{name}"))


def _revived(present: Any, saved: Any, path: str) -> Any:
    if is_dataclass(present) and not isinstance(present, type):
        restore(present, saved, path)
        return present
    if isinstance(present, dict):
        table = cast(dict[str, Any], present)
        if not isinstance(saved, dict) or table.keys() != saved.keys():
            raise SnapshotError(f"{path}: expected the keys {', '.join(table)}")
        return {key: _revived(table[key], saved[key], f"{path}.{key}") for key in table}
    if _is_list(present):
        if not _is_list(saved) or len(saved) != len(present):
            raise SnapshotError(f"{path}: expected a list of {len(present)}")
        pairs = enumerate(zip(present, saved, strict=True))
        return [_revived(old, new, f"{path}.{index}") for index, (old, new) in pairs]
    if isinstance(present, float) and type(saved) in {int, float}:
        return _finite(saved, path)
    if type(saved) is not type(present):
        raise SnapshotError(f"{path}: expected {type(present).__name__}, found {saved!r}")
    return saved


def _finite(saved: float, path: str) -> float:
    try:
        number = float(saved)
    except OverflowError:
        number = inf
    if not isfinite(number):
        raise SnapshotError(f"{path}: not a finite number")
    return number
