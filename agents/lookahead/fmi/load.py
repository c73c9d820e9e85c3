"""Reads a unit and its map, and finds every problem of both."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from handwheel.connectors.config.validation import load_model
from handwheel.connectors.config.yaml_documents import Path_, read_document
from handwheel.connectors.errors import ConfigError

from ..twin import TwinError
from .twin import FmuTwin, Link, UnitMap
from .unit import Variable, read_unit


def load_unit(unit: Path, mapping: Path) -> FmuTwin:
    """Returns the twin of a unit.

    Raises:
        ConfigError: Every problem of the map, with its place, or of the unit.
    """
    document = read_document(mapping)
    found = load_model(UnitMap, document)
    try:
        variables = read_unit(unit)
    except TwinError as error:
        raise ConfigError.of(str(error), unit) from error
    problems = [document.problem(place, reason) for place, reason in _wrong(found, variables)]
    if problems:
        raise ConfigError(problems)
    return FmuTwin(unit, found)


def _wrong(own: UnitMap, variables: Mapping[str, Variable]) -> Iterator[tuple[Path_, str]]:
    for place, link in own.links():
        if reason := _wrong_link(str(place[0]), link, variables):
            yield place, reason
    for name in own.constants:
        if reason := _wrong_variable("constants", name, variables):
            yield ("constants", name), reason
    yield from _set_twice_or_never(own, variables)
    for n, tag in enumerate(own.trips):
        if tag not in own.outputs:
            yield ("trips", n), f"{tag} is no output"


def _set_twice_or_never(
    own: UnitMap, variables: Mapping[str, Variable]
) -> Iterator[tuple[Path_, str]]:
    setting = [(place, link.variable) for place, link in own.links() if place[0] != "outputs"]
    setting += [(("constants", name), name) for name in own.constants]
    seen: set[str] = set()
    for place, name in setting:
        if name in seen:
            yield place, f"{name} is set twice"
        seen.add(name)
    for name, each in variables.items():
        if each.is_input and name not in seen:
            yield ("inputs",), f"the unit's input {name} is neither here nor in constants"


def _wrong_link(table: str, link: Link, variables: Mapping[str, Variable]) -> str:
    if table != "outputs" and link.scale == 0.0:
        return "scale is 0, so that the tag sets nothing"
    return _wrong_variable(table, link.variable, variables)


def _wrong_variable(table: str, name: str, variables: Mapping[str, Variable]) -> str:
    known = variables.get(name)
    if known is None:
        return f"the unit has no variable {name}"
    if known.kind == "other":
        return f"{name} is no single number or truth value"
    if table == "inputs" and not known.is_input:
        return f"{name} is no input of the unit; a value that is set once is in start"
    if table in {"start", "constants"} and not known.is_settable:
        return f"{name} cannot be set at the start of the unit"
    return ""
