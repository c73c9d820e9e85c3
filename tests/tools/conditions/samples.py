"""Tags, readings and random conditions, with a tiny evaluator of our own."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from hypothesis import strategies as st

from handwheel.connectors.model.tags import Kind, NodeAddress, Tag
from handwheel.connectors.model.values import GOOD, DataValue, StatusCode, Value
from handwheel.tools.conditions import Truth

MODES = {"local": 0, "remote": 1, "maintenance": 2}


def _tag(name: str, kind: Kind, unit: str = "") -> Tag:
    members = MODES if kind == "enum" else {}
    return Tag(name, "pkg", kind, NodeAddress("i=1"), unit, members=members)


TAGS: Mapping[str, Tag] = {
    tag.name: tag
    for tag in (
        _tag("PT-102.pv", "float", "kPa"),
        _tag("PIC-102.sp", "float", "kPa"),
        _tag("TT-105.pv", "float", "degC"),
        _tag("TT-106.pv", "float", "degC"),
        _tag("LT-101.pv", "float", "%"),
        _tag("VT-101A.pv", "float", "mm/s"),
        _tag("RT-1.pv", "float", "mm H2O"),
        _tag("P-101A.starts", "int"),
        _tag("P-101A.running", "bool"),
        _tag("P-101B.running", "bool"),
        _tag("P-101A.run_cmd", "bool"),
        _tag("P-101A.mode", "enum"),
        _tag("P-101B.mode", "enum"),
        _tag("PKG-101.note", "string"),
    )
}


def reading(value: Value | None, status: StatusCode = GOOD) -> DataValue:
    return DataValue(value, status, None, None, 100.0)


TRUTHS = {Fraction(0): Truth.FALSE, Fraction(1, 2): Truth.UNKNOWN, Fraction(1): Truth.TRUE}
UNKNOWN = Fraction(1, 2)


@dataclass(frozen=True)
class Expression:
    """A random condition: an operator and its parts, or a relation between tags and numbers.

    `judge` is Kleene's logic as numbers (and is the minimum, or the maximum, not is
    1 - x), with nothing in common with what is tested.
    """

    sign: str
    parts: tuple["Expression", ...] = ()
    names: tuple[str, ...] = ()
    numbers: tuple[Fraction, ...] = ()
    word: str = ""

    def text(self, above: int = 0) -> str:
        """As an engineer writes it, with no parentheses that are not needed."""
        level = {"or": 1, "and": 2, "not": 3}.get(self.sign, 4)
        if self.sign == "not":
            said = "not " + self.parts[0].text(level)
        elif self.parts:
            said = f" {self.sign} ".join(part.text(level) for part in self.parts)
        else:
            said = self._relation()
        return f"({said})" if level < above else said

    def _relation(self) -> str:
        unit = TAGS[self.names[0]].unit if self.names else ""
        numbers = [f"{float(number)} {unit}".strip() for number in self.numbers]
        right = " .. ".join(numbers) or f"'{self.word}'"
        match self.sign:
            case "true" | "false":
                return self.sign
            case "is":
                return self.names[0]
            case "good":
                return f"good({self.names[0]})"
            case _:
                return f"{' - '.join(self.names)} {self.sign} {right}"

    def judge(self, values: Mapping[str, Value]) -> Fraction:
        parts = [part.judge(values) for part in self.parts]
        if self.sign == "not":
            return 1 - parts[0]
        if parts:
            return max(parts) if self.sign == "or" else min(parts)
        is_known = values.keys() >= set(self.names)
        if not is_known and self.sign != "good":
            return UNKNOWN
        return Fraction(is_known and self._holds([values[name] for name in self.names]))

    def _holds(self, values: list[Value]) -> bool:
        if not self.numbers and not self.word:
            return self.sign in {"true", "good"} or (self.sign == "is" and values[0] is True)
        if self.word:
            return (values[0] == MODES[self.word]) == (self.sign == "==")
        value = Fraction(values[0])
        if self.sign in {"in", "not in"}:
            return (self.numbers[0] <= value <= self.numbers[1]) == (self.sign == "in")
        value -= Fraction(values[1]) if len(values) == 2 else 0
        order = (value > self.numbers[0]) - (value < self.numbers[0])
        return order in {"<": {-1}, "<=": {-1, 0}, "==": {0}, ">=": {0, 1}, ">": {1}}.get(
            self.sign, {-1, 1}
        )


_BOOLS = ["P-101A.running", "P-101B.running", "P-101A.run_cmd"]
_FLOATS = ["PT-102.pv", "TT-105.pv", "LT-101.pv", "VT-101A.pv", "P-101A.starts"]
_PAIRS = [("PT-102.pv", "PIC-102.sp"), ("TT-105.pv", "TT-106.pv")]
_COMPARISONS = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
_halves = st.integers(0, 8).map(lambda n: Fraction(n, 2))


def _numeric(sign: str, names: tuple[str, ...], numbers: list[Fraction]) -> Expression:
    return Expression(sign, names=names, numbers=tuple(sorted(numbers)))


def _combined(parts: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.builds(Expression, st.sampled_from(["or", "and"]), several) | st.builds(
        Expression, st.just("not"), st.tuples(parts)
    )


_one = st.tuples(st.sampled_from(_FLOATS))
_relations = st.one_of(
    st.sampled_from([Expression("true"), Expression("false")]),
    st.builds(Expression, st.just("is"), names=st.tuples(st.sampled_from(_BOOLS))),
    st.builds(_numeric, _COMPARISONS, _one, st.lists(_halves, min_size=1, max_size=1)),
    st.builds(
        _numeric, _COMPARISONS, st.sampled_from(_PAIRS), st.lists(_halves, min_size=1, max_size=1)
    ),
    st.builds(
        _numeric, st.sampled_from(["in", "not in"]), _one, st.lists(_halves, min_size=2, max_size=2)
    ),
    st.builds(
        Expression,
        st.sampled_from(["==", "!="]),
        names=st.tuples(st.sampled_from(["P-101A.mode", "P-101B.mode"])),
        word=st.sampled_from(sorted(MODES)),
    ),
)
_questions = st.builds(Expression, st.just("good"), names=st.tuples(st.sampled_from(sorted(TAGS))))

expressions = st.recursive(_relations, _combined, max_leaves=8)
expressions_with_good = st.recursive(_relations | _questions, _combined, max_leaves=8)


def _values(tag: Tag) -> st.SearchStrategy[Value]:
    match tag.kind:
        case "bool":
            return st.booleans()
        case "enum":
            return st.sampled_from(sorted(MODES.values()))
        case "int":
            return st.integers(0, 4)
        case "string":
            return st.text(max_size=3)
        case "float":
            return _halves.map(float)


plants: st.SearchStrategy[dict[str, Value]] = st.fixed_dictionaries(
    {name: _values(tag) for name, tag in TAGS.items()}
)
