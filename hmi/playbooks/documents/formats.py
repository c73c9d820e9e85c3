"""Procedure as Markdown and as one HTML file."""

import re
from collections.abc import Iterator
from html import escape

from handwheel.tools.safe_text import printable

from .procedure import Code, Procedure, Section, Sentence

_MARKS = re.compile(r"[\\`*_\[\]<>|#~]")
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; max-width: 46rem; margin: 2rem auto;
  padding: 0 1rem; }
h1 { font-size: 1.5rem; line-height: 1.25; }
h2 { font-size: 1.1rem; margin: 1.6rem 0 0.4rem; border-bottom: 1px solid #bbb; }
li { margin: 0.25rem 0; }
code { background: #f0f0f0; padding: 0 0.25rem; overflow-wrap: anywhere; }
svg { max-width: 100%; height: auto; }
@media print { body { margin: 0; max-width: none; } h2, li { break-inside: avoid; } }
"""


def markdown(procedure: Procedure) -> str:
    """Returns a procedure as Markdown, in which no text of the playbook acts as a mark."""
    lines = [f"# {_markdown_text(procedure.title)}"]
    for section in procedure.sections:
        lines += ["", f"## {_markdown_text(section.heading)}", "", *_markdown_items(section)]
    return "\n".join(lines) + "\n"


def _markdown_items(section: Section) -> Iterator[str]:
    for number, item in enumerate(section.items, 1):
        mark = f"{number}. " if section.is_numbered else "- "
        yield mark + _markdown_sentence(item.text)
        yield from (f"{' ' * len(mark)}- {_markdown_sentence(each)}" for each in item.below)


def _markdown_sentence(sentence: Sentence) -> str:
    return "".join(
        _markdown_code(each.text) if isinstance(each, Code) else _markdown_text(each)
        for each in sentence
    )


def _markdown_text(text: str) -> str:
    return _MARKS.sub(r"\\\g<0>", printable(text)).replace("&", "&amp;")


def _markdown_code(text: str) -> str:
    shown = printable(text)
    longest = max(map(len, re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    blank = " " if longest else ""
    return f"{fence}{blank}{shown}{blank}{fence}"


def html(procedure: Procedure, graph: str) -> str:
    """Returns a procedure as one HTML file without scripts, with its graph as SVG."""
    title = _html_text(procedure.title)
    body = "".join(map(_html_section, procedure.sections))
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{title}</h1>\n{body}<h2>Graph</h2>\n{graph}</body>\n</html>\n"
    )


def _html_section(section: Section) -> str:
    name = "ol" if section.is_numbered else "ul"
    items = "".join(
        f"<li>{_html_sentence(item.text)}{_html_below(item.below)}</li>\n" for item in section.items
    )
    return f"<h2>{_html_text(section.heading)}</h2>\n<{name}>\n{items}</{name}>\n"


def _html_below(below: tuple[Sentence, ...]) -> str:
    items = "".join(f"<li>{_html_sentence(each)}</li>" for each in below)
    return f"<ul>{items}</ul>" if items else ""


def _html_sentence(sentence: Sentence) -> str:
    return "".join(
        f"<code>{_html_text(each.text)}</code>" if isinstance(each, Code) else _html_text(each)
        for each in sentence
    )


def _html_text(text: str) -> str:
    return escape(printable(text))
