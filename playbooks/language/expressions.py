"""Parser of the texts in a playbook, with errors at their place in the file."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from handwheel.connectors.config.yaml_documents import Path_
from handwheel.connectors.hints import did_you_mean
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import Value
from handwheel.tools.conditions import (
    Condition,
    ConditionError,
    Expression,
    Names,
    StepScope,
    Template,
    parse_condition,
    parse_expression,
    parse_template,
)
from handwheel.tools.conditions.grammar import NUMBER, UNIT
from handwheel.tools.conditions.units import rounded, scale

from .errors import Finding
from .source import Source

_QUANTITY = rf"-?\s*{NUMBER}(?:\s*{UNIT})?"
_PARTS = re.compile(rf"(?P<number>-?\s*{NUMBER})\s*(?P<unit>{UNIT})?")
_NAME = r"(?<![\w.-])[A-Za-z_][\w-]*\.\w+"
_COMPARED = re.compile(
    rf"(?P<name>{_NAME})\s*"
    rf"(?:(?:==|!=|<=|>=|<|>)\s*(?P<one>{_QUANTITY})"
    rf"|(?:not\s+)?in\s+(?P<low>{_QUANTITY})\s*\.\.\s*(?P<high>{_QUANTITY}))"
    r"(?!\s*[-+*/\w(])"
)
_QUOTED = re.compile(r"'(?:[^']|'')*'")
_SIGNS = "+-*/"
_UNKNOWN = ("there is no tag", "there is no name", "there is nothing called")
_UNITS = ("unit", "is a number in", "a number without")


@dataclass(frozen=True, slots=True)
class ComparedLiteral:
    """Literal that is compared with a tag."""

    offset: int  # its offset in the text, from 0
    literal: str
    tag: Tag
    value: float  # in the tag's unit


def compared_literals(text: str, names: Names) -> Iterator[ComparedLiteral]:
    """Yields each literal that is compared with a tag alone, and converts to its unit."""
    blanked = _QUOTED.sub(lambda quoted: " " * len(quoted[0]), text)
    for found in _COMPARED.finditer(blanked):
        tag = names.get(found["name"])
        before = text[: found.start()].rstrip()[-1:]
        if not isinstance(tag, Tag) or (before and before in _SIGNS):
            continue
        for group in ("one", "low", "high"):
            literal = found[group]
            value = _value(literal, tag) if literal else None
            if value is not None:
                yield ComparedLiteral(found.start(group), literal, tag, value)


def out_of_range_literals(text: str, names: Names) -> Iterator[ComparedLiteral]:
    """Yields each literal that is compared with a tag and outside its range."""
    for each in compared_literals(text, names):
        if each.tag.span and not each.tag.span[0] <= each.value <= each.tag.span[1]:
            yield each


def _value(literal: str, tag: Tag) -> float | None:
    parts = _PARTS.fullmatch(literal)
    by = scale(parts["unit"] or "", tag.unit) if parts else None
    if parts is None or by is None:
        return None  # reported when the whole condition is parsed
    return rounded(float(re.sub(r"\s", "", parts["number"])) * by.factor + by.offset)


class Expressions:
    """Parses the texts of one playbook for one role binding.

    It keeps the findings, and every text, to search for used names.
    """

    def __init__(self, playbook: Source, names: Names, beside: "Expressions | None" = None) -> None:
        self.playbook = playbook
        self.names = names
        self.findings: list[Finding] = beside.findings if beside else []
        self.texts: list[str] = beside.texts if beside else []
        self._steps: StepScope | None = None

    @property
    def playbook_tags(self) -> Names:
        """Every tag by its own name."""
        return {each.name: each for each in self.names.values() if isinstance(each, Tag)}

    def within(self, steps: StepScope) -> "Expressions":
        """Returns the parser of texts that may ask about steps, with the same findings."""
        found = Expressions(self.playbook, self.names, self)
        found._steps = steps
        return found

    def condition(self, path: Path_, text: str, *, on_snapshot: bool = False) -> Condition:
        """Parses a condition.

        One that the gate evaluates too, on one snapshot, may have no window but `held`.
        """
        self.texts.append(text)
        try:
            found = parse_condition(text, self.names, windows=True, steps=self._steps)
        except ConditionError as error:
            self.fail(path, error)
            return _never()
        self._check_literals(path, text)
        if on_snapshot:
            self._check_snapshot(path, text, found)
        return found

    def joined(self, path: Path_, text: str) -> Condition:
        """Parses conditions that are bound already, joined to one text."""
        try:
            return parse_condition(text, self.playbook_tags, windows=True)
        except ConditionError as error:
            self.report("expression", path, f"its parts together: {error.reason}")
            return _never()

    def _check_snapshot(self, path: Path_, text: str, found: Condition) -> None:
        for name in found.tags:
            tag = self.names.get(name)
            if isinstance(tag, Tag) and tag.computation and tag.computation.past:
                reason = (
                    f"{name} needs days of history, and the gate has none; ask for it in the "
                    "trigger or the diagnosis"
                )
                self.report("window-function", path, reason)
        if all(each.is_held for each in found.windows):
            return
        try:
            parse_condition(text, self.names, steps=self._steps)
        except ConditionError as error:
            self._note("window-function", path, error)

    def without_window(self, text: str) -> Condition | None:
        """Returns a condition without its `held`, `None` if it cannot be parsed so."""
        try:
            return parse_condition(text, self.names)
        except ConditionError:
            return None  # `condition` has reported it

    def _check_literals(self, path: Path_, text: str) -> None:
        for each in out_of_range_literals(text, self.names):
            before = text[: each.offset]
            at = (before.count("\n") + 1, each.offset - before.rfind("\n"))
            low, high = each.tag.span or (0.0, 0.0)
            reason = (
                f"{each.literal} lies outside the range of {each.tag.name}, {low:g} to {high:g}"
            )
            self.findings.append(self.playbook.finding_within("out-of-range", path, at, reason))

    def template(self, path: Path_, text: str) -> Template:
        """Parses a text with `{…}` in it."""
        self.texts.append(text)
        try:
            return parse_template(text, self.names, steps=self._steps)
        except ConditionError as error:
            self.fail(path, error)
            return parse_template("", {})

    def constant(self, path: Path_, text: str, unit: str) -> Value | None:
        """Parses a constant value in a unit. Returns `None` and reports an invalid one."""
        self.texts.append(text)
        try:
            found = parse_expression(text, self.names, unit=unit, steps=self._steps)
        except ConditionError as error:
            self.fail(path, error)
            return None
        if found.tags:
            self.report("not-constant", path, "must not depend on the plant")
            return None
        return found.value({})

    def computed(self, path: Path_, text: str, unit: str | None = None) -> Expression | None:
        """Parses a value that may be computed from the plant. Reports an invalid one.

        Args:
            unit: Unit of a number; `None` for a value of any kind.
        """
        self.texts.append(text)
        try:
            return parse_expression(text, self.names, unit=unit, steps=self._steps)
        except ConditionError as error:
            self.fail(path, error)
            return None

    def tag(self, path: Path_, name: str, *, is_key: bool = False) -> Tag | None:
        """Returns the tag of a name. Returns `None` and reports an unknown one."""
        self.texts.append(name)
        found = self.names.get(name)
        if isinstance(found, Tag):
            return found
        tags = [each for each, meant in self.names.items() if isinstance(meant, Tag)]
        text = f"there is no tag {name!r}{did_you_mean(name, tags, f'{name}.pv')}"
        place = self.playbook.key_finding if is_key else self.playbook.finding
        self.findings.append(place("unknown-name", path, text))
        return None

    def report(self, code: str, path: Path_, text: str, hint: str = "") -> None:
        """Adds a finding at a path."""
        self.findings.append(self.playbook.finding(code, path, text, hint))

    def fail(self, path: Path_, error: ConditionError) -> None:
        """Adds the finding of an error inside a text."""
        code = "expression"
        if any(part in error.reason for part in _UNKNOWN):
            code = "unknown-name"
        elif any(part in error.reason for part in _UNITS):
            code = "unit-mismatch"
        self._note(code, path, error)

    def _note(self, code: str, path: Path_, error: ConditionError) -> None:
        at = (error.line, error.column)
        self.findings.append(self.playbook.finding_within(code, path, at, error.reason))


def _never() -> Condition:
    """Returns what replaces a condition that could not be parsed."""
    return parse_condition("false", {})
