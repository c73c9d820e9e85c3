"""Distance of each comparison in a condition to its limit."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from handwheel.tools.conditions import (
    Condition,
    ConditionError,
    Expression,
    Names,
    parse_expression,
)
from handwheel.tools.conditions.grammar import parse_tree

if TYPE_CHECKING:
    from lark import Token, Tree

_BELOW, _ABOVE = frozenset({"<", "<="}), frozenset({">", ">="})


@dataclass(frozen=True, slots=True)
class Distance:
    """Comparison of numbers in a condition, and how far it is from turning."""

    text: str  # such as `PT-102.pv > 280 kPa`
    distance: Expression  # positive while the comparison is as the condition wants it


def distances(condition: Condition, names: Names) -> list[Distance]:
    """Returns the distance of each comparison with `<`, `>` or `in`, in the order of the text.

    Words, truths, `==` and `!=` have none.

    Args:
        names: The tags of the site.
    """
    found: list[Distance] = []
    for text, wanted in _comparisons(condition.bound, parse_tree(condition.bound), is_wanted=True):
        try:
            found.append(Distance(text, parse_expression(wanted, names, windows=True)))
        except ConditionError:  # it compares no numbers
            continue
    return [each for each in found if each.distance.kind not in {"condition", "word"}]


def _comparisons(
    text: str, node: "Tree[Token] | Token", *, is_wanted: bool
) -> Iterator[tuple[str, str]]:
    """Yields each comparison and the expression of its distance."""
    if isinstance(node, str):
        return
    children, kind = node.children, str(node.data)
    if kind == "comparison":
        yield from _compared(text, children, is_wanted=is_wanted)
    elif kind in {"inside", "outside"}:
        value, low, high = (_part(text, each) for each in children)
        yield from _within(_part(text, node), (value, low, high), (kind == "inside") == is_wanted)
    else:
        for each in children:
            yield from _comparisons(text, each, is_wanted=is_wanted != (kind == "denied"))


def _compared(
    text: str, parts: "list[Tree[Token] | Token]", *, is_wanted: bool
) -> Iterator[tuple[str, str]]:
    left, sign, right = parts
    if str(sign) not in _BELOW | _ABOVE:
        return
    smaller, greater = (_part(text, each) for each in (left, right))
    said = f"{smaller} {sign} {greater}"
    if (str(sign) in _ABOVE) == is_wanted:
        smaller, greater = greater, smaller
    yield said if is_wanted else f"not {said}", f"({greater}) - ({smaller})"


def _within(text: str, parts: tuple[str, str, str], is_inside: bool) -> Iterator[tuple[str, str]]:
    value, low, high = parts
    nearest = f"min(({value}) - ({low}), ({high}) - ({value}))"
    yield text, nearest if is_inside else f"-{nearest}"


def _part(text: str, node: "Tree[Token] | Token") -> str:
    if isinstance(node, str):
        return text[node.start_pos : node.end_pos]
    return text[node.meta.start_pos : node.meta.end_pos]
