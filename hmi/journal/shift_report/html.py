"""Shift report as one HTML file without scripts and without anything from elsewhere."""

from collections.abc import Iterator, Sequence
from html import escape

from .model import Part, ShiftReport, Trend

_WIDE, _HIGH = 640.0, 90.0
_STYLE = """
body { font: 14px/1.4 system-ui, sans-serif; max-width: 56em; margin: 2em auto; padding: 0 1em;
  color: #222; background: #fff; overflow-wrap: anywhere; }
h1 { font-size: 1.5em; margin-bottom: 0; } h2 { font-size: 1.1em; margin: 1.2em 0 0.3em; }
.period { font-weight: bold; } .source, .none { color: #555; }
table { border-collapse: collapse; margin: 1em 0; }
th, td { border: 1px solid #bbb; padding: 0.3em 0.8em; text-align: left; }
th { font-weight: normal; color: #555; } td { font-size: 1.3em; }
ul { margin: 0; padding-left: 1.2em; } figure { margin: 0.5em 0; }
svg { width: 100%; height: 90px; }
@media print { body { margin: 0; font-size: 11px; } li { break-inside: avoid; } }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def html(report: ShiftReport) -> str:
    """Returns the report as HTML. Text of plants and people is escaped."""
    return "".join(f"{line}\n" for line in _lines(report))


def _lines(report: ShiftReport) -> Iterator[str]:
    title = escape(report.title)
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield f"<title>{title}, {escape(report.period)}</title>\n<style>{_STYLE}</style>\n</head>"
    yield f'<body>\n<h1>{title}</h1>\n<p class="period">{escape(report.period)}</p>'
    yield f'<p class="source">{"<br>".join(map(escape, report.source))}</p>'
    names = "".join(f"<th>{escape(name)}</th>" for name, _ in report.figures)
    values = "".join(f"<td>{escape(value)}</td>" for _, value in report.figures)
    yield f"<table>\n<tr>{names}</tr>\n<tr>{values}</tr>\n</table>"
    for part in report.parts:
        if part.items:
            yield from _part(part)
    if report.trends:
        yield "<h2>Trends</h2>"
        yield from (_trend(each) for each in report.trends)
    if empty := [part.title.lower() for part in report.parts if not part.items]:
        yield f'<p class="none">None: {escape("; ".join(empty))}.</p>'
    yield "</body>\n</html>"


def _part(part: Part) -> Iterator[str]:
    yield f"<h2>{escape(part.title)}</h2>\n<ul>"
    for item in part.items:
        inner = "".join(f"<li>{escape(each)}</li>" for each in item.lines)
        yield f"<li>{escape(item.text)}{f'<ul>{inner}</ul>' if inner else ''}</li>"
    yield "</ul>"


def _trend(trend: Trend) -> str:
    known = [each for each in trend.values if each is not None]
    low, high = min(known), max(known)
    lines = "".join(
        f'<polyline points="{points}" fill="none" stroke="#333" stroke-width="1.5" '
        'vector-effect="non-scaling-stroke"/>'
        for points in _pieces(trend.values, low, high)
    )
    box = f'viewBox="0 0 {_WIDE:g} {_HIGH:g}" preserveAspectRatio="none"'
    caption = f"{escape(trend.title)}, {low:g} to {high:g}"
    return f"<figure><figcaption>{caption}</figcaption><svg {box}>{lines}</svg></figure>"


def _pieces(values: Sequence[float | None], low: float, high: float) -> Iterator[str]:
    """Yields the points of each part of a line without gaps."""
    height = (high - low) or 1.0
    points: list[str] = []
    for number, each in enumerate(values):
        if each is None:
            if points:
                yield " ".join(points)
            points = []
        else:
            x = _WIDE * number / max(len(values) - 1, 1)
            points.append(f"{x:.1f},{_HIGH - 2.0 - (_HIGH - 4.0) * (each - low) / height:.1f}")
    if points:
        yield " ".join(points)
