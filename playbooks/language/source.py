"""Parsed file of a playbook or of its tests, which knows the place of each key and value."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from handwheel.connectors.config.yaml_documents import Document, Path_, Scalar, parse_content

from .errors import Finding, Severity


@dataclass(frozen=True, slots=True)
class ValuePlace:
    """Beginning of a value."""

    line: int  # from 1
    column: int  # from 1, of the quote if there is one
    # Column of the text's first character; 0 for a text over several lines or with escapes, whose
    # columns differ from the file's.
    inner: int


def value_place(scalar: Scalar) -> ValuePlace:
    """Returns the place of a value in YAML."""
    line, column, style, text, written = scalar
    quote = 1 if style in {"'", '"'} else 0
    is_plain = written[quote : len(written) - quote] == text
    return ValuePlace(line, column, column + quote if is_plain else 0)


@dataclass(frozen=True, slots=True)
class Source:
    """Parsed file. Its findings name the place of what is wrong."""

    path: Path  # path of its file
    document: Document  # its data, with the place of each key and the file's display name
    digest: str  # SHA-256 of the file's bytes, hexadecimal
    values: Mapping[Path_, ValuePlace]  # the place of each value

    @property
    def id(self) -> str:
        """ID of the playbook that it is about, empty if it names none."""
        return id_of(self.document.data)

    @property
    def display_name(self) -> str:
        """Display name of the file."""
        return self.document.file

    def place(self, path: Path_) -> str:
        """Returns file and line of a key or list item, joined by a colon."""
        return f"{self.display_name}:{self.document.problem(path, '').line}"

    def finding(
        self, code: str, path: Path_, text: str, hint: str = "", severity: Severity = "error"
    ) -> Finding:
        """Returns a finding at a value, else at its key, else at the nearest parent."""
        found = self.key_finding(code, path, text, hint, severity)
        place = self._value_place(path)
        return replace(found, line=place.line, column=place.column) if place else found

    def key_finding(
        self, code: str, path: Path_, text: str, hint: str = "", severity: Severity = "error"
    ) -> Finding:
        """Returns a finding at a key or list item, else at the nearest parent."""
        problem = self.document.problem(path, "")
        line, column = problem.line, problem.column
        step = step_of(self.document.data, path)
        return Finding(self.display_name, line, column, code, severity, self.id, step, text, hint)

    def finding_within(self, code: str, path: Path_, at: tuple[int, int], text: str) -> Finding:
        """Returns a finding inside a text.

        Args:
            at: Line and column within the text, from 1. In a text over several lines or with
                escapes, the finding is at the text's beginning and names the column.
        """
        found = self.finding(code, path, text)
        place, (line, column) = self._value_place(path), at
        if place and place.inner and line == 1:
            return replace(found, column=place.inner + column - 1)
        where = f"column {column}" if line == 1 else f"line {line}, column {column}"
        return replace(found, text=f"{text} (at {where} of the text)")

    def _value_place(self, path: Path_) -> ValuePlace | None:
        # A short form, a text instead of a table, is one level higher.
        return self.values.get(path) or self.values.get(path[:-1])


def parse_source(content: bytes, shown: str, path: Path) -> Source:
    """Parses the bytes of a file, which errors name as `shown`.

    Raises:
        ConfigError: It is not accepted YAML; every problem at once.
    """
    values: dict[Path_, ValuePlace] = {}

    def on_scalar(at: Path_, scalar: Scalar) -> None:
        values[at] = value_place(scalar)

    document = parse_content(content, shown, on_scalar)
    return Source(path, document, document.sha256, values)


def id_of(data: Any) -> str:
    """Returns the `id` of a file's data, empty without one."""
    id_ = cast(dict[str, Any], data).get("id") if isinstance(data, dict) else None
    return id_ if isinstance(id_, str) else ""


def step_of(data: Any, path: Path_) -> str:
    """Returns the id of the step in which a path lies, empty for none."""
    here: Any = data
    for part in path:
        try:
            here = here[part]
        except (LookupError, TypeError):
            return ""
        if isinstance(part, int) and path[0] in {"steps", "safe_state"}:
            return id_of(here)
    return ""
