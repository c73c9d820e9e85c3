"""Text from Jinja2 templates that lie beside the module that fills them.

Every value passes `printable`, so that a template cannot forget to make plant text safe. In
`*.html.j2` it is also escaped for HTML, in `*.md.j2` for Markdown.
"""

import re
import textwrap
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from handwheel.connectors.config.durations import format_duration
from handwheel.tools.requests.timestamps import parse_stamp
from handwheel.tools.safe_text import plain, printable, quoted

from .panel import columns_of
from .plural import counted
from .wrap import wrapped

if TYPE_CHECKING:  # slow to import, and most commands need no template
    from jinja2 import Environment
    from markupsafe import Markup

WHOLE = 24_000
"""Characters shown of a text that must be readable to its end."""

WIDTH = 80
"""Columns of a line of text."""

# What CommonMark or GitHub would take for markup; an underscore inside a word is none.
_MARKUP = re.compile(r"[\\`*<>\[\]|~&$@]|\b_|_\b|:(?=//)|(?<=www)\.", re.IGNORECASE)
_START = re.compile(r"^(\d+)(?=[.)](?:\s|$))|^(?=[#+=-])")


def render(package: str, template: str, **values: object) -> str:
    """Returns the text of a template with its values.

    Args:
        package: Package in which the template lies, usually `__package__`.
        template: Its file's name, which ends with `.txt.j2`, `.md.j2` or `.html.j2`.
        values: What the template shows. It fails on a name that is missing.
    """
    form = template.removesuffix(".j2").rpartition(".")[2]
    return _environment(package, form).get_template(template).render(values)


def markdown_escaped(text: str) -> str:
    """Returns a text in which nothing is markup, apart from the beginning of a line."""
    return _MARKUP.sub(lambda found: f"\\{found[0]}", text)


def moment(at: datetime | str) -> str:
    """Returns a time or a stamp as date, time and day of the week, in UTC."""
    time = (parse_stamp(at) if isinstance(at, str) else at).astimezone(UTC)
    return f"{time:%Y-%m-%d %H:%M:%S}.{time.microsecond // 1000:03d} UTC ({time:%A})"


@cache
def _environment(package: str, form: str) -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    # Autoescape keeps apart what is rendered, such as a macro's lines, from what is shown.
    found = Environment(
        autoescape=True,
        finalize={"html": _html_value, "md": _markdown_value, "txt": _text_value}[form],
        keep_trailing_newline=True,
        loader=PackageLoader(package, "."),
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    found.filters.update(
        bullet=_bullet,
        counted=counted,
        duration=format_duration,
        field=_field,
        moment=moment,
        plain=plain,
        printable=printable,
        quoted=quoted,
        wrap=_wrap,
    )
    return found


def _html_value(value: object) -> "Markup | str":
    return _trusted(value) if hasattr(value, "__html__") else _shown(value)


def _markdown_value(value: object) -> "Markup":
    return _trusted(value if hasattr(value, "__html__") else markdown_escaped(_shown(value)))


def _text_value(value: object) -> "Markup":
    return _trusted(value if hasattr(value, "__html__") else _shown(value))


def _shown(value: object) -> str:
    return printable(str(value), WHOLE)


def _trusted(text: object) -> "Markup":
    from markupsafe import Markup

    return Markup(text)  # noqa: S704 - as it is, or made printable above


def _wrap(text: str, indent: int = 0, hang: int = 0) -> "Markup":
    """Returns each line in rows of 80 columns, indented, all but its first by `hang` more.

    The result of a block or macro has several lines. A value is one.
    """
    margin, shown, rows = " " * indent, str(_text_value(text)), list[str]()
    for line in shown.splitlines():
        first, *rest = wrapped(line, WIDTH - indent, hang)
        rows += [f"{margin}{first}".rstrip(), *(f"{margin}{' ' * hang}{each}" for each in rest)]
    return _trusted("\n".join(rows) + ("\n" if shown.endswith("\n") else ""))


def _field(text: str, label: str = "", indent: int = 2, column: int = 14) -> "Markup":
    """Returns a text in rows beside a label. An empty label continues the field above."""
    at = max(indent + column, indent + columns_of(label) + 1)
    first, *rest = wrapped(str(_text_value(text)), WIDTH - at)
    start = f"{' ' * indent}{_text_value(label)}"
    rows = [f"{start}{' ' * (at - columns_of(start))}{first}".rstrip()]
    return _trusted("\n".join([*rows, *(f"{' ' * at}{each}" for each in rest)]))


def _bullet(text: str, indent: int = 0, width: int = WIDTH - 1) -> "Markup":
    """Returns a Markdown list item in rows, none of which begins as a list, heading or rule."""
    shown = str(_markdown_value(text))
    # A word is never broken, because half of an escape would be markup.
    rows = textwrap.wrap(
        shown, width - indent - 2, break_long_words=False, break_on_hyphens=False
    ) or [""]
    safe = [_START.sub(lambda found: f"{found[1] or ''}\\", each) for each in rows]
    return _trusted(f"{' ' * indent}- " + f"\n{' ' * (indent + 2)}".join(safe))
