"""Methods of diagnosis, our own and those that other packages register."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from math import isfinite
from typing import Any, cast

from handwheel.connectors.config.plug_in_decorator import plug_in_decorator
from handwheel.connectors.config.plug_ins import (
    PlugIns,
    UnusablePlugIn,
    WrongPlugIn,
    instance_of,
)
from handwheel.connectors.errors import ConfigError

from .evidence import Measured
from .windows import Windows

GROUP = "handwheel.diagnosers"
"""Entry point group in which a package registers its methods, each made by `diagnoser`."""

ANY_UNIT = "any"
"""Unit of an input that may be in any, as of a method that looks only at the course of a value."""

Inputs = Mapping[str, Any]
"""Name of the tag of each input, or the number of a constant."""
Measure = Callable[[Windows, Inputs], Measured | float | None]


@dataclass(frozen=True, slots=True)
class Diagnoser:
    """Method that measures one residual.

    Attributes:
        measure: Pure function of the windows and of its inputs. It returns `None` where it cannot
            tell, as while the plant is moving. It sees no clock, site or ledger.
        needs: Unit of each input, by its name; empty for none, as for a truth value, or `ANY_UNIT`.
        unit: Unit of the residual, empty for none.
        window_s: How far back it looks, process time.
        source: Clause, paper and equation, or own.
    """

    name: str
    measure: Measure
    needs: Mapping[str, str]
    unit: str
    window_s: float
    source: str
    optional: frozenset[str] = frozenset()


@plug_in_decorator
def diagnoser(
    *,
    needs: Mapping[str, str],
    window_s: float,
    source: str,
    unit: str = "",
    optional: frozenset[str] = frozenset(),
) -> Callable[[Measure], Diagnoser]:
    """Makes a method of diagnosis of a function, whose name becomes the method's.

    Its windows are of every tag among its inputs.

    Raises:
        ConfigError: An argument is missing or is none of its own; with file and line.
    """

    def register(measure: Measure) -> Diagnoser:
        return Diagnoser(measure.__name__, measure, needs, unit, window_s, source, optional)

    return register


_SHIPPED = (
    "coolers", "exchangers", "fans", "feeds", "levels", "loops", "pumps", "sensors",
    "strainers", "trends", "valves",
)  # fmt: skip


def shipped() -> Mapping[str, Diagnoser]:
    """Returns the shipped methods by name."""
    if not _found:
        for each in _SHIPPED:
            module = import_module(f"{__package__}.methods.{each}")
            own = (one for one in vars(module).values() if isinstance(one, Diagnoser))
            _found.update({one.name: one for one in own})
    return _found


_found: dict[str, Diagnoser] = {}


def load_diagnoser(name: str) -> Diagnoser:
    """Returns an installed method.

    Raises:
        UnusablePlugIn: There is none of this name, it cannot be imported, or is no `Diagnoser`.
    """
    if name in shipped():
        return shipped()[name]
    try:
        return PlugIns(GROUP, "method", shipped()).load(name, _usable)
    except ConfigError as error:  # of `diagnoser`, which names file and line
        raise UnusablePlugIn(str(error)) from None


def _usable(found: object) -> Diagnoser:
    method = instance_of(Diagnoser)(found)
    if fault := _fault(method.needs, method.window_s, method.unit):
        raise WrongPlugIn(f"cannot be used: {fault}")
    return method


def _fault(needs: object, window_s: object, unit: object) -> str:
    """Returns why a method of others cannot be used, empty if it can. Types are theirs to check."""
    if not isinstance(needs, Mapping):
        return f"needs is {ascii(needs)[:60]}, not the unit of each input by its name"
    pairs = cast("Mapping[object, object]", needs)
    if not all(isinstance(each, str) for pair in pairs.items() for each in pair):
        return f"needs is {ascii(pairs)[:60]}, of which a name or a unit is no text"
    if isinstance(window_s, bool) or not isinstance(window_s, int | float) or not window_s > 0.0:
        return f"window_s is {ascii(window_s)[:60]}, not a number of seconds"
    return "" if isinstance(unit, str) else f"unit is {ascii(unit)[:60]}, not a text"


def checked(result: object) -> Measured | None:
    """Returns the result of a method. Raises `ValueError` if it is no finite number."""
    if result is None:
        return None
    value, at = (result.value, result.at) if isinstance(result, Measured) else (result, 0.0)
    return Measured(_number(value), _number(at))


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise ValueError(f"returned {ascii(value)[:60]}, which is no number")
    return float(value)
