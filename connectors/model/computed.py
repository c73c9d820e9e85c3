"""Computed tags of `site.yaml`, checked against the methods and the other tags."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..config.plug_ins import MissingPlugIn, UnusablePlugIn
from ..config.yaml_documents import Document, Path_
from ..errors import Problem
from ..hints import did_you_mean
from ..methods.installed import load_method
from ..methods.method import Method
from .equipment import ComputedSpec, Equipment
from .tag_file import NAME
from .tags import Computation, Tag

_QUANTITY = re.compile(r"([-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)(?:\s+(\S+))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Computed:
    name: str
    path: Path_
    equipment: str
    spec: ComputedSpec


class ComputedChecks:
    """Builds the computed tags of a site and collects their problems.

    Args:
        tags: The tags that devices have.
        document: Has the places of the computed tags.
    """

    def __init__(
        self, equipment: Mapping[str, Equipment], tags: Mapping[str, Tag], document: Document
    ) -> None:
        self._equipment, self._tags, self._document = equipment, tags, document
        self._computed = {
            each.name: each
            for name, one in equipment.items()
            for own, spec in one.computed.items()
            for each in [
                _Computed(f"{name}.{own}", ("equipment", name, "computed", own), name, spec)
            ]
        }
        self.problems: list[Problem] = []

    def tags(self) -> dict[str, Tag]:
        """Returns the computed tags, each after those that it is computed from."""
        built = {name: self._build(each) for name, each in self._computed.items()}
        return {name: built[name] for name in self._in_order()}

    def _build(self, each: _Computed) -> Tag:
        spec, path, problem = each.spec, each.path, self._note
        if not NAME.fullmatch(each.name):
            problem(path, "is no attribute: a lower case letter, then a-z, 0-9 and '_'")
        if each.name in self._tags:
            problem(path, f"{each.name} is a tag of a device already; choose another name")
        if path[-1] in self._equipment[each.equipment].attributes:
            problem(path, f"{path[-1]} is an attribute of {each.equipment}; choose another name")
        method, fault = self._method(each)
        if method is not None:
            self._check_result(each, method)
        inputs = {name: self._input(each, name, method) for name in spec.inputs}
        computation = Computation(spec.method, inputs, method, fault)
        return Tag(each.name, "", "float", computation, spec.unit, equipment=each.equipment)

    def _method(self, each: _Computed) -> tuple[Method | None, str]:
        try:
            return load_method(each.spec.method), ""
        except MissingPlugIn as error:
            self._note((*each.path, "method"), str(error))
            return None, ""
        except UnusablePlugIn as error:
            return None, str(error)

    def _check_result(self, each: _Computed, method: Method) -> None:
        spec, path = each.spec, each.path
        if spec.unit != method.unit:
            reason = f"{spec.method} gives {_unit(method.unit)}, not {_unit(spec.unit)}"
            self._note((*path, "unit"), reason)
        if missing := [name for name in method.inputs if name not in spec.inputs]:
            known = ", ".join(f"{name} ({_unit(method.inputs[name])})" for name in missing)
            self._note((*path, "inputs"), f"{spec.method} needs also {known}")
        if all(map(_QUANTITY.fullmatch, spec.inputs.values())):
            self._note((*path, "inputs"), "none of them is a tag")
        elif _QUANTITY.fullmatch(spec.inputs.get(method.past, "")):
            reason = f"{spec.method} looks at the past of it: name a tag"
            self._note((*path, "inputs", method.past), reason)

    def _input(self, each: _Computed, name: str, method: Method | None) -> str | float:
        given, path = each.spec.inputs[name], (*each.path, "inputs", name)
        wanted = method.inputs.get(name) if method else None
        if method is not None and wanted is None:
            reason = f"is no input of {each.spec.method}{did_you_mean(name, method.inputs)}"
            self._note(path, reason)
        if quantity := _QUANTITY.fullmatch(given):
            self._check_unit(path, given, quantity[2] or "", wanted)
            return float(quantity[1])
        if other := self._computed.get(given):
            self._check_unit(path, given, other.spec.unit, wanted)
        elif tag := self._tags.get(given):
            if tag.kind not in {"float", "int"} or tag.is_array:
                self._note(path, f"{given} is no number")
            else:
                self._check_unit(path, given, tag.unit, wanted)
        else:
            known = [*self._tags, *self._computed]
            meant = did_you_mean(given, known, f"{given}.pv")
            reason = f"there is no tag {given!r}, and no constant such as 40 m2{meant}"
            self._note(path, reason)
        return given

    def _check_unit(self, path: Path_, given: str, unit: str, wanted: str | None) -> None:
        if wanted is not None and unit != wanted:
            has = f"the unit {unit}" if unit else "no unit"
            self._note(path, f"{given} has {has}; {path[-1]} takes {_unit(wanted)}")

    def _in_order(self) -> Iterator[str]:
        done, open_ = set[str](), list[str]()

        def visit(name: str) -> Iterator[str]:
            if name in done or name not in self._computed:
                return
            if name in open_:
                way = " -> ".join([*open_[open_.index(name) :], name])
                self._note(self._computed[name].path, f"is computed from itself: {way}")
                return
            open_.append(name)
            for other in self._computed[name].spec.inputs.values():
                yield from visit(other)
            open_.pop()
            done.add(name)
            yield name

        for name in self._computed:
            yield from visit(name)

    def _note(self, path: Path_, reason: str) -> None:
        self.problems.append(self._document.problem(path, reason))


def _unit(unit: str) -> str:
    return unit or "no unit"
