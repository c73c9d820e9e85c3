"""Graph of a playbook as SVG, the steps on the left and the exits on the right."""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from handwheel.tools.safe_text import printable

from .graph import Exit, Graph

_LEFT, _RIGHT = 54, 34  # columns of text
_CHARACTER, _LINE, _PAD, _GAP, _LANE = 7.3, 17, 9, 26, 20  # pixels
_COLORS = {
    Exit.ROLLBACK: "#b35900", Exit.SAFE_STATE: "#a01c1c", Exit.HELD: "#1c4fa0",
    Exit.STOPPED: "#555555",
}  # fmt: skip
_INK, _DECISION, _PAPER = "#1a1a1a", "#fff4cc", "#ffffff"


@dataclass(frozen=True, slots=True)
class _Box:
    x: float
    y: float
    width: float
    rows: tuple[str, ...]
    color: str = _INK
    fill: str = _PAPER

    @property
    def height(self) -> float:
        return len(self.rows) * _LINE + 2 * _PAD

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


def svg(graph: Graph) -> str:
    """Returns a graph as an SVG picture. Each exit has a lane of its own colour."""
    boxes = _column(
        [(each.lines, _INK, _DECISION if each.is_decision else _PAPER) for each in graph.path],
        1.0, _LEFT,
    )  # fmt: skip
    exits_x = boxes[0].x + boxes[0].width + _LANE * (len(graph.exits) + 1)
    ends = _column(
        [(texts, _COLORS[end], _PAPER) for end, texts in graph.exits.items()], exits_x, _RIGHT
    )
    parts = [each for box in (*boxes, *ends) for each in _drawn(box)]
    for upper, lower in pairwise(boxes):
        x = upper.x + upper.width / 2
        parts.append(_arrow([(x, upper.y + upper.height), (x, lower.y)], _INK))
    parts += _ways_out(graph, boxes, ends)
    width = exits_x + (ends[0].width if ends else 0.0) + 1
    height = max(each.y + each.height for each in (*boxes, *ends)) + 1
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="img" '
        f'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="12">\n'
        f"<title>{escape(printable(graph.title))}</title>\n{_heads()}{''.join(parts)}</svg>\n"
    )


def _ways_out(graph: Graph, boxes: list[_Box], ends: list[_Box]) -> Iterator[str]:
    for number, (end, box) in enumerate(zip(graph.exits, ends, strict=True)):
        shift = (number - len(ends) / 2 + 0.5) * 6  # apart where one box has several exits
        for node, source in zip(graph.path, boxes, strict=True):
            if end in {each for each, _ in node.leads_to}:
                right, y = source.x + source.width, source.middle + shift
                lane = right + _LANE * (number + 1)
                way = [(right, y), (lane, y), (lane, box.middle), (box.x, box.middle)]
                yield _arrow(way, _COLORS[end])


def _column(texts: list[tuple[tuple[str, ...], str, str]], x: float, columns: int) -> list[_Box]:
    boxes: list[_Box] = []
    y = 1.0
    for lines, color, fill in texts:
        rows = [
            row
            for each in lines
            for row in textwrap.wrap(printable(each), columns, break_on_hyphens=False)
        ]
        boxes.append(_Box(x, y, columns * _CHARACTER + 2 * _PAD, tuple(rows), color, fill))
        y += boxes[-1].height + _GAP
    return boxes


def _drawn(box: _Box) -> Iterator[str]:
    yield (
        f'<rect x="{box.x:.0f}" y="{box.y:.0f}" width="{box.width:.0f}" height="{box.height:.0f}" '
        f'rx="4" fill="{box.fill}" stroke="{box.color}"/>\n'
    )
    for number, row in enumerate(box.rows):
        y = box.y + _PAD + _LINE * (number + 0.75)
        weight = ' font-weight="bold"' if number == 0 else ""
        yield (
            f'<text x="{box.x + _PAD:.0f}" y="{y:.0f}" fill="{box.color}"{weight}>'
            f"{escape(row)}</text>\n"
        )


def _arrow(points: list[tuple[float, float]], color: str) -> str:
    way = " ".join(f"{x:.0f},{y:.0f}" for x, y in points)
    return (
        f'<polyline points="{way}" fill="none" stroke="{color}" marker-end="url(#{color[1:]})"/>\n'
    )


def _heads() -> str:
    heads = "".join(
        f'<marker id="{color[1:]}" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" '
        f'markerHeight="8" orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="{color}"/></marker>'
        for color in (_INK, *_COLORS.values())
    )
    return f"<defs>{heads}</defs>\n"
