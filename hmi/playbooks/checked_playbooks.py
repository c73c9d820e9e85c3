"""Playbooks that a command names, with the findings of loader and lint."""

from collections.abc import Sequence
from pathlib import Path

from handwheel.connectors.config.plug_ins import UnusablePlugIn
from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.site import Site
from handwheel.playbooks.language.errors import Finding, PlaybookError
from handwheel.playbooks.language.libraries import PACKAGE, playbooks_of
from handwheel.playbooks.language.loader import Playbook, load_folder, load_library, load_playbook
from handwheel.playbooks.lint.lint import lint, lint_all


def check_playbooks(site: Site, paths: Sequence[str]) -> tuple[list[Playbook], list[Finding]]:
    """Returns the named playbooks that can be read, and every finding on them.

    A path that names nothing raises `ConfigError`.
    """
    library, broken = load_library(site)
    playbooks: list[Playbook] = []
    findings: list[Finding] = []
    for path in paths:
        loaded, wrong = load_named(path, library, broken)
        playbooks += loaded
        findings += wrong
    named = list({each.display_name: each for each in playbooks}.values())
    return named, [*findings, *lint_all(named, site, library)]


def load_named(
    path: str, library: Sequence[Playbook], broken: Sequence[Finding]
) -> tuple[list[Playbook], list[Finding]]:
    """Returns the playbooks of a file, a folder, a library such as `package:cw`, or an id.

    A path that names none of them raises `ConfigError`.
    """
    if (folder := named_folder(path)) is not None:
        return load_folder(folder, path)
    if Path(path).is_file():
        try:
            return [load_playbook(Path(path), path)], []
        except PlaybookError as error:
            return [], list(error.findings)
    found = [each for each in library if each.id == path]
    wrong = [each for each in broken if each.playbook == path]
    if not found and not wrong:
        raise ConfigError.of(_unknown(path, library), path)
    return found, wrong


def _unknown(path: str, library: Sequence[Playbook]) -> str:
    known = ", ".join(each.id for each in library)
    return f"there is no such file, folder or playbook; known: {known or 'none'}"


def find_playbook(path: str, site: Site) -> Playbook:
    """Returns the one playbook of a file or an id.

    Raises:
        PlaybookError: It cannot be read; lists every problem.
        ConfigError: There is none, or the path is a folder.
    """
    if Path(path).is_file():
        return load_playbook(Path(path), path)
    if named_folder(path) is not None:
        raise ConfigError.of("is a folder: name a file or a playbook's id", path)
    library, broken = load_library(site)
    loaded, wrong = load_named(path, library, broken)
    if wrong:
        raise PlaybookError(wrong)
    return loaded[0]


def find_valid_playbook(path: str, site: Site) -> Playbook:
    """Returns the one playbook of a file or an id, which lint finds no error in.

    Raises:
        PlaybookError: It has errors; lists every one.
        ConfigError: There is none, or the path is a folder.
    """
    playbook = find_playbook(path, site)
    runs = any(step.run for step in playbook.file.steps)
    library = load_library(site)[0] if runs else ()
    if errors := [each for each in lint(playbook, site, library) if each.is_error]:
        raise PlaybookError(errors)
    return playbook


def named_folder(path: str) -> Path | None:
    """Returns the folder of a path or of a library such as `package:cw`."""
    if path.startswith(PACKAGE):
        try:
            return playbooks_of(path)
        except UnusablePlugIn as error:
            raise ConfigError.of(str(error), path) from None
    return Path(path) if Path(path).is_dir() else None
