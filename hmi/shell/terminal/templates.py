"""Text from Jinja2 templates that lie beside the module that fills them.

Every value passes `printable`, so that a template cannot forget to make plant text safe. In
`*.html.j2` it is also escaped for HTML, in `*.md.j2` for Markdown.
"""

import re
import textwrap
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from handwheel.connectors.config.durations import format_duration
from handwheel.tools.requests.timestamps import parse_stamp
from handwheel.tools.safe_text import plain, printable, quoted

from .panel import columns_of
from .plural import counted
from .wrap import wrapped

if TYPE_CHECKING:  # slow to import, and most commands need no template
    from collections.abc import Callable

    from jinja2 import BaseLoader, Environment, Undefined
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
        package: Package in which the template lies, such as `handwheel.hmi.journal.report`.
        template: Its file's name, which ends with `.txt.j2`, `.md.j2` or `.html.j2`.
        values: What the template shows. It fails on a name that is missing.
    """
    form = template.removesuffix(".j2").rpartition(".")[2]
    return _environment(package, form).get_template(template).render(values)


def render_macro(
    package: str, template: str, macro: str, *values: object, **context: object
) -> str:
    """Returns the text of one macro of a template, with values as its arguments."""
    form = template.removesuffix(".j2").rpartition(".")[2]
    module = _environment(package, form).get_template(template).make_module(context)
    return str(getattr(module, macro)(*values))


def render_line(template: str, values: Mapping[str, object], missing: str | None = None) -> str:
    """Returns one line from the text of a template, such as an entry of a table of texts.

    Args:
        template: Text of the template.
        values: What it shows, each cut after 1000 characters.
        missing: Text in place of a value that is missing, which is otherwise an error.

    Raises:
        LookupError: A value is missing.
    """
    from jinja2 import UndefinedError

    try:
        return _line_environment(missing).from_string(template).render(values)
    except UndefinedError as error:
        raise LookupError(str(error)) from None


def markdown_escaped(text: str) -> str:
    """Returns a text in which nothing is markup, apart from the beginning of a line."""
    return _MARKUP.sub(lambda found: f"\\{found[0]}", text)


def moment(at: datetime | str) -> str:
    """Returns a time or a stamp as date, time and day of the week, in UTC."""
    time = (parse_stamp(at) if isinstance(at, str) else at).astimezone(UTC)
    return f"{time:%Y-%m-%d %H:%M:%S}.{time.microsecond // 1000:03d} UTC ({time:%A})"


@cache
def _environment(package: str, form: str) -> "Environment":
    from jinja2 import PackageLoader, StrictUndefined

    shown = {"html": _html_value, "md": _markdown_value, "txt": _text_value}[form]
    return _made(shown, StrictUndefined, PackageLoader(package, "."))


@cache
def _line_environment(missing: str | None) -> "Environment":
    from jinja2 import StrictUndefined, Undefined

    class Missing(Undefined):
        def __str__(self) -> str:
            return missing or ""

    return _made(_line_value, StrictUndefined if missing is None else Missing)


def _made(
    shown: "Callable[[object], Markup | str]",
    undefined: "type[Undefined]",
    loader: "BaseLoader | None" = None,
) -> "Environment":
    from jinja2 import Environment

    # Autoescape keeps apart what is rendered, such as a macro's lines, from what is shown.
    found = Environment(
        autoescape=True,
        finalize=shown,
        keep_trailing_newline=True,
        loader=loader,
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=undefined,
    )
    found.filters.update(_FILTERS)
    return found


def _html_value(value: object) -> "Markup | str":
    return _trusted(value) if hasattr(value, "__html__") else _shown(value)


def _markdown_value(value: object) -> "Markup":
    return _trusted(value if hasattr(value, "__html__") else markdown_escaped(_shown(value)))


def _text_value(value: object) -> "Markup":
    return _trusted(value if hasattr(value, "__html__") else _shown(value))


def _line_value(value: object) -> "Markup":
    return _trusted(value if hasattr(value, "__html__") else printable(str(value)))


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
    first, *rest = wrapped(_one_line(text), WIDTH - at)
    start = f"{' ' * indent}{_text_value(label)}"
    rows = [f"{start}{' ' * (at - columns_of(start))}{first}".rstrip()]
    return _block(text, [*rows, *(f"{' ' * at}{each}" for each in rest)])


def _labelled(text: str, label: str, column: int = 13) -> "Markup":
    """Returns the lines of a block beside a label, `none` for no lines."""
    lines = [each for each in str(_text_value(text)).splitlines() if each] or ["none"]
    rows = (f"{'' if n else label:<{column}}{each.rstrip()}\n" for n, each in enumerate(lines))
    return _trusted("".join(rows))


def _paragraph(text: str, indent: int = 0, hang: int = 0) -> "Markup":
    """Returns a text, of which the template's lines are joined, in rows of 80 columns."""
    margin = " " * indent
    first, *rest = wrapped(_one_line(text), WIDTH - indent, hang)
    rows = [f"{margin}{first}".rstrip(), *(f"{margin}{' ' * hang}{each}" for each in rest)]
    return _block(text, rows)


def _one_line(text: str) -> str:
    lines = (each.strip() for each in str(_text_value(text)).splitlines())
    return " ".join(each for each in lines if each)


def _block(text: str, rows: Sequence[str]) -> "Markup":
    """Returns rows, with a line's end if the text of a block ended with one."""
    is_block = hasattr(text, "__html__") and text.endswith("\n")
    return _trusted("\n".join(rows) + "\n" * is_block)


def _bullet(text: str, indent: int = 0, width: int = WIDTH - 1) -> "Markup":
    """Returns a Markdown list item in rows, none of which begins as a list, heading or rule."""
    shown = str(_markdown_value(text))
    # A word is never broken, because half of an escape would be markup.
    rows = textwrap.wrap(
        shown, width - indent - 2, break_long_words=False, break_on_hyphens=False
    ) or [""]
    safe = [_START.sub(lambda found: f"{found[1] or ''}\\", each) for each in rows]
    return _trusted(f"{' ' * indent}- " + f"\n{' ' * (indent + 2)}".join(safe))


_FILTERS: Mapping[str, Any] = {
    "bullet": _bullet,
    "counted": counted,
    "duration": format_duration,
    "field": _field,
    "labelled": _labelled,
    "moment": moment,
    "paragraph": _paragraph,
    "plain": plain,
    "printable": printable,
    "quoted": quoted,
    "wrap": _wrap,
}
