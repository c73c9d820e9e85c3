"""Loader of files of tests, which reports every problem with its place."""

import re
from collections.abc import Iterator
from pathlib import Path

from handwheel.connectors.config.validation import load_model
from handwheel.connectors.config.yaml_documents import read_content
from handwheel.connectors.errors import ConfigError, Problem
from handwheel.connectors.hints import did_you_mean
from handwheel.connectors.model.site import Site
from handwheel.playbooks.language.loader import Playbook, load_library, load_playbook
from handwheel.playbooks.language.source import Source, parse_source

from .bind import bind_cases
from .case import PlaybookCase
from .schema import TestsFile

_FIRST_KEY = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:[ \t]*(?:#[^\n]*)?\r?\n|---[ \t]*\r?\n)*"
    rb"""schema:[ \t]*["']?playbook-test/1["']?[ \t]*(?:#[^\n]*)?(?:\r?\n|$)"""
)
_HEAD = 4096  # bytes in which the first key stands
_TESTS = "tests"


def is_tests_file(path: Path) -> bool:
    """Returns whether a file's first key is `schema: playbook-test/1`. Raises `OSError`."""
    with path.open("rb") as file:
        return _FIRST_KEY.match(file.read(_HEAD)) is not None


def load_cases(path: Path, site: Site, shown: str | None = None) -> list[PlaybookCase]:
    """Reads the cases of a file, bound to a site and to the model of its plant.

    The playbook is the one of its id beside the file, or beside its folder if that is `tests`;
    else the site's.

    Args:
        shown: Name of the file in errors, by default its path.

    Raises:
        ConfigError: It cannot be read or is not valid, or its playbook is not; every problem.
    """
    name = shown or str(path)
    source = parse_source(read_content(path, name), name, path)
    file = load_model(TestsFile, source.document)
    playbook, library = _playbook(source, file.playbook, site)
    return bind_cases(source, file, playbook, library, site)


def _playbook(source: Source, wanted: str, site: Site) -> tuple[Playbook, list[Playbook]]:
    """Returns the playbook under test, and the site's others."""
    library, broken = load_library(site)
    others = [each for each in library if each.id != wanted]
    beside = [load_playbook(each) for each in _beside(source.path, wanted)]
    if len(beside) > 1:
        names = " and ".join(each.display_name for each in beside)
        raise ConfigError([_problem(source, f"{wanted!r} is the id of {names}")])
    found = beside or [each for each in library if each.id == wanted]
    if found:
        return found[0], others
    if wrong := [each.problem for each in broken if each.playbook == wanted]:
        raise ConfigError(wrong)
    hint = did_you_mean(wanted, (each.id for each in library))
    text = f"there is no playbook {wanted!r} beside this file or at the site{hint}"
    raise ConfigError([_problem(source, text)])


def _problem(source: Source, text: str) -> Problem:
    return source.finding("unknown-name", ("playbook",), text).problem


def _beside(path: Path, wanted: str) -> Iterator[Path]:
    """Yields the files with a playbook's id beside a file of tests, whatever else is wrong."""
    folder = path.resolve().parent
    folder = folder.parent if folder.name == _TESTS else folder
    line = re.compile(rf"^id:[ \t]*[\"']?{re.escape(wanted)}[\"']?[ \t]*(#.*)?$", re.MULTILINE)
    for each in sorted(folder.glob("*.yaml")):
        if each.is_file() and line.search(each.read_text(encoding="utf-8", errors="replace")):
            yield each
