"""Edits `operators.yaml` and `site.yaml` as text, so that comments and layout stay."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from handwheel.connectors.config.validation import load_model
from handwheel.connectors.config.yaml_documents import Document, parse_document, read_document
from handwheel.connectors.errors import ConfigError
from handwheel.connectors.hints import shell_command
from handwheel.connectors.model.site_file import SiteFile

from .roster import OperatorsFile, Record

_ENROLL = shell_command("operators", "enroll", "NAME", "--role", "ROLE")
_HEAD = f"# Who may decide; '{_ENROLL}' adds.\nschema: operators/1\noperators:\n"
_EMPTY_LIST = re.compile(r"^(operators:)[ \t]*\[[ \t]*\]", re.MULTILINE)


def with_record(path: Path, record: Record) -> tuple[str, list[Record]]:
    """Returns the text of `operators.yaml` with a record appended, and all records.

    A file whose layout does not allow that is written anew. One that cannot be read, or is no list
    of records, raises `ConfigError`.
    """
    text, records = _HEAD, list[Record]()
    if path.exists():
        document = read_document(path)
        records = load_model(OperatorsFile, document).operators
        text = _text(path)
    added = _EMPTY_LIST.sub(r"\1", text).rstrip("\n") + "\n" + _item(record)
    every = [*records, record]
    if _records(added) != every:
        added = operators_text(every)
    return added, every


def with_successor(
    path: Path, old: Record, ended: Record, record: Record
) -> tuple[str, list[Record]]:
    """Returns text and records with one record replaced and another one appended.

    A file that cannot be read, or does not have the old record, raises `ConfigError`.
    """
    document = read_document(path)
    records = load_model(OperatorsFile, document).operators
    if old not in records:
        raise ConfigError([document.problem(("operators",), f"has changed: {old.person}")])
    every = [*(ended if each == old else each for each in records), record]
    text = _text(path).replace(_item(old), _item(ended), 1).rstrip("\n") + "\n" + _item(record)
    return (text if _records(text) == every else operators_text(every)), every


def operators_text(records: Sequence[Record]) -> str:
    """Returns the text of an `operators.yaml` with these records, at least one."""
    return _HEAD + "".join(map(_item, records))


def _records(text: str) -> list[Record]:
    document = Document("")
    try:
        return load_model(OperatorsFile, parse_document(text, document)).operators
    except ConfigError:
        return []


def _item(record: Record) -> str:
    """Returns a record as a YAML list item. Texts are quoted, since `no` is a name too."""
    lines = (
        f"{key}: {json.dumps(value)}" for key, value in record.model_dump(by_alias=True).items()
    )
    return "  - " + "\n    ".join(lines) + "\n"


def with_trust_root(path: Path, root: str) -> str:
    """Returns the text of `site.yaml` with the trust root after the site's id.

    A file that cannot be read, or whose layout does not allow the line, raises `ConfigError`.
    """
    document = read_document(path)
    data: dict[str, Any] = document.data
    lines = _text(path).split("\n")
    line, _ = document.places[("id",)]
    wanted = f'trust: {{root: "{root}"}}'
    text = "\n".join([*lines[:line], wanted, *lines[line:]])
    fault = document.problem(("id",), f"the trust root cannot be added here; write: {wanted}")
    try:
        changed = parse_document(text, Document(str(path)))
        load_model(SiteFile, changed)
    except ConfigError:
        raise ConfigError([fault]) from None
    if changed.data != {**data, "trust": {"root": root}}:
        raise ConfigError([fault])
    return text


def _text(path: Path) -> str:
    return path.read_bytes().decode()  # line ends as they are
