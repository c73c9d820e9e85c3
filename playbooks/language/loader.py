"""Loader of playbooks, which reports every problem with its place."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from handwheel.connectors.config.plug_ins import UnusablePlugIn
from handwheel.connectors.config.validation import load_model
from handwheel.connectors.config.yaml_documents import (
    Document,
    read_content,
    read_document,
)
from handwheel.connectors.errors import ConfigError, Problem
from handwheel.connectors.model.site import SITE_FILE, Site

from .errors import Finding, PlaybookError
from .libraries import PACKAGE, playbooks_of
from .schema import PlaybookFile
from .source import Source, id_of, parse_source, step_of

_TESTS = "tests"  # a folder of tests holds no playbooks
_ASKING = re.compile(r"safe_state\.steps\.\d+\.(approval|hold_point)")
_CODES = (
    ("stands here twice", "duplicate-key"),
    ("means different things", "yaml-boolean"),
    ("anchors are not allowed", "anchor"),
    ("merge keys", "anchor"),
    ("unknown key", "unknown-key"),
    ("is missing", "missing-key"),
    ("requests no approval", "safe-state-asks"),
)


@dataclass(frozen=True, slots=True)
class Playbook(Source):
    """Playbook of valid form, not yet bound to a site."""

    file: PlaybookFile  # its keys

    @property
    def id(self) -> str:
        """ID of the playbook, such as `cw/pump-bearing-changeover`."""
        return self.file.id


def load_playbook(path: Path, shown: str | None = None) -> Playbook:
    """Reads one playbook, which errors name as `shown`.

    Raises:
        PlaybookError: It cannot be read, or its form is invalid; lists every problem.
    """
    try:
        content = read_content(path, shown)
    except ConfigError as error:
        raise PlaybookError([_reading_finding(each) for each in error.problems]) from None
    return _parsed(content, shown or str(path), path)


def parse_playbook(text: str, shown: str = "<text>") -> Playbook:
    """Returns the playbook of a text, checked as one of a file, which errors name as `shown`.

    Its path is the working folder's, and its digest that of the text in UTF-8.

    Raises:
        PlaybookError: Its form is invalid; lists every problem.
    """
    return _parsed(text.encode(errors="surrogatepass"), shown, Path(shown))


def _parsed(content: bytes, shown: str, path: Path) -> Playbook:
    try:
        found = parse_source(content, shown, path)
    except ConfigError as error:
        raise PlaybookError([_reading_finding(each) for each in error.problems]) from None
    file = _load_file(found.document)
    return Playbook(found.path, found.document, found.digest, found.values, file)


def _reading_finding(problem: Problem) -> Finding:
    code = _code_of(problem.reason, "yaml" if problem.line else "unreadable")
    return _finding(problem, {}, code, problem.key)


def _code_of(reason: str, other: str) -> str:
    return next((code for part, code in _CODES if part in reason), other)


def _load_file(document: Document) -> PlaybookFile:
    try:
        return load_model(PlaybookFile, document)
    except ConfigError as error:
        raise PlaybookError(
            [_form_finding(each, document.data) for each in error.problems]
        ) from None


def _form_finding(problem: Problem, data: Any) -> Finding:
    if _ASKING.fullmatch(problem.key):
        reason = "a safe state requests no approval: it is approved with the run"
        problem = replace(problem, reason=reason)
    return _finding(problem, data, _code_of(problem.reason, "wrong-value"), problem.key)


def _finding(problem: Problem, data: Any, code: str, key: str) -> Finding:
    parts = tuple(int(part) if part.isdigit() else part for part in problem.key.split("."))
    named = [part for part in key.split(".") if part]
    text = f"{'.'.join(named)}: {problem.reason}" if named else problem.reason
    return Finding(
        problem.file, problem.line, problem.column, code, "error",
        id_of(data), step_of(data, parts), text,
    )  # fmt: skip


def load_library(site: Site) -> tuple[list[Playbook], list[Finding]]:
    """Reads every valid playbook of a site, sorted by ID, with the findings of the others.

    Of two with the same ID neither is used.
    """
    found: list[Playbook] = []
    problems: list[Finding] = []
    for n, entry in enumerate(site.playbooks):
        try:
            folder = _folder(site, entry)
        except UnusablePlugIn as error:
            problems.append(_entry_finding(site, n, str(error)))
            continue
        if folder.exists() and not folder.is_dir():
            problems.append(_entry_finding(site, n, f"{entry!r} is no folder"))
        shown = entry if entry.startswith(PACKAGE) else _shown(folder)
        loaded, wrong = load_folder(folder, shown)
        found += loaded
        problems += wrong
    single, twice = _without_duplicates(found)
    return single, [*problems, *twice]


def _shown(folder: Path) -> str:
    """Returns the name of a folder as a person types it in the folder where the command runs."""
    here = Path.cwd()
    return str(folder.relative_to(here) if folder.is_relative_to(here) else folder)


def _folder(site: Site, entry: str) -> Path:
    return playbooks_of(entry) if entry.startswith(PACKAGE) else site.root / entry


def _entry_finding(site: Site, n: int, text: str) -> Finding:
    problem = read_document(site.root / SITE_FILE).problem(("playbooks", n), "")
    return Finding(problem.file, problem.line, problem.column, "no-library", "error", "", "", text)


def load_folder(folder: Path, shown: str) -> tuple[list[Playbook], list[Finding]]:
    """Reads every playbook in a folder and below it, except in folders named `tests`.

    Returns them with the findings of the others. A missing folder has neither.
    """
    loaded: list[Playbook] = []
    wrong: list[Finding] = []
    for path in _yaml_files(folder):
        try:
            name = path.relative_to(folder).as_posix()
            loaded.append(load_playbook(path, f"{shown.rstrip('/')}/{name}"))
        except PlaybookError as error:
            wrong += error.findings
    return loaded, wrong


def _yaml_files(folder: Path) -> Iterator[Path]:
    paths = sorted(path for path in folder.rglob("*.yaml") if path.is_file())
    return (path for path in paths if _TESTS not in path.relative_to(folder).parts[:-1])


def _without_duplicates(playbooks: Sequence[Playbook]) -> tuple[list[Playbook], list[Finding]]:
    by_id: dict[str, list[Playbook]] = {}
    for playbook in playbooks:
        by_id.setdefault(playbook.id, []).append(playbook)
    twice = [
        each.finding("duplicate-id", ("id",), f"{each.id!r} is also the id of {first.display_name}")
        for first, *others in by_id.values()
        for each in others
    ]
    return [same[0] for _, same in sorted(by_id.items()) if len(same) == 1], twice
