"""Text from templates: each value is made safe for its form."""

import sys
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from handwheel.hmi.shell.terminal.templates import render

HOSTILE = "a <b>\u202e*\nc\x1b[2J"
TEMPLATES = {
    "one.txt.j2": "{{ text }}|{{ text|quoted }}\n{{ at|moment }} {{ s|duration }}\n",
    "one.md.j2": "{{ text }}\n{{ '- ' ~ text|plain }}\n{{ text|bullet(2) }}\n",
    "one.html.j2": "{{ text }}{% macro em(t) %}<em>{{ t }}</em>{% endmacro %}{{ em('&') }}\n",
    "rows.txt.j2": (
        "{% filter wrap(2, 4) %}\n{{ text * 20 }}\n<rest>\n{% endfilter %}\n"
        "{{ text|field('label') }}\n"
    ),
}


@pytest.fixture(name="package")
def made_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "lying_here").mkdir()
    (tmp_path / "lying_here/__init__.py").touch()
    for name, text in TEMPLATES.items():
        (tmp_path / "lying_here" / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "lying_here", raising=False)
    return "lying_here"


def test_text_shows_each_value_printable_and_no_markup(package: str) -> None:
    at = "2026-11-25T08:50:25.123Z"
    text = render(package, "one.txt.j2", text=HOSTILE, at=at, s=90.0)
    shown = "a <b>\\u202e*\\nc\\x1b[2J"
    assert text == f"{shown}|“{shown}”\n2026-11-25 08:50:25.123 UTC (Wednesday) 1 min 30 s\n"


def test_markdown_shows_each_value_without_its_markup(package: str) -> None:
    text = render(package, "one.md.j2", text=HOSTILE)
    shown = r"a \<b\>\\u202e\*\\nc\\x1b\[2J"
    assert text == f"{shown}\n- {shown}\n  - {shown}\n"


def test_html_escapes_each_value_but_no_macro(package: str) -> None:
    text = render(package, "one.html.j2", text=HOSTILE)
    assert text == "a &lt;b&gt;\\u202e*\\nc\\x1b[2J<em>&amp;</em>\n"


def test_rows_of_a_block_are_wrapped_and_of_a_value_are_one_line(package: str) -> None:
    text = render(package, "rows.txt.j2", text="a b\n")
    assert text.splitlines() == [
        "  " + "a " + "b\\na " * 14 + "b\\na",
        "      " + "b\\na " * 4 + "b\\n",
        "  <rest>",
        "  label         a b\\n",
    ]
    assert max(map(len, text.splitlines())) <= 80


def test_a_missing_value_is_an_error(package: str) -> None:
    with pytest.raises(UndefinedError, match="'at' is undefined"):
        render(package, "one.txt.j2", text="a", s=1.0)
