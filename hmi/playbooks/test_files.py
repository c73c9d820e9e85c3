"""Files of tests that a command names."""

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from handwheel.connectors.errors import ConfigError, made_of_each
from handwheel.connectors.model.site import Site
from handwheel.evaluation.playbook_tests.load import is_tests_file
from handwheel.playbooks.language.loader import Playbook, load_library

from .checked_playbooks import load_named, named_folder

_NO_TESTS = "its first key must be `schema: playbook-test/1`"


def find_test_files(site: Site, paths: Sequence[str]) -> list[tuple[Path, str]]:
    """Returns the files of tests of some paths, each once with its name for people.

    A path is a file, a folder, a library such as `package:cw`, or a playbook's id.

    Raises:
        ConfigError: A path names nothing, or has no tests; every one of them.
    """
    found: dict[Path, str] = {}
    for file, shown in chain(*made_of_each(lambda path: list(_files_of(site, path)), paths)):
        found.setdefault(file.resolve(), shown)
    return list(found.items())


def _files_of(site: Site, path: str) -> Iterator[tuple[Path, str]]:
    if Path(path).is_file():
        if not is_tests_file(Path(path)):
            raise ConfigError.of(f"is no file of tests: {_NO_TESTS}", path)
        yield Path(path), path
        return
    folder, wanted = named_folder(path), ""
    shown = path.rstrip("/")
    if folder is None:
        playbook = _playbook(site, path)
        folder, wanted = playbook.path.parent, playbook.id
        shown = playbook.display_name.rpartition("/")[0] or "."
    files = [
        each
        for each in sorted(folder.rglob("*.yaml"))
        if each.is_file() and is_tests_file(each) and (not wanted or _is_about(each, wanted))
    ]
    if not files:
        about = f" of {wanted}" if wanted else ""
        raise ConfigError.of(f"there is no file of tests{about} in {shown}: {_NO_TESTS}", path)
    for each in files:
        yield each, f"{shown}/{each.relative_to(folder).as_posix()}"


def _playbook(site: Site, name: str) -> Playbook:
    library, broken = load_library(site)
    loaded, wrong = load_named(name, library, broken)
    if wrong:
        raise ConfigError([each.problem for each in wrong])
    return loaded[0]


def _is_about(path: Path, playbook: str) -> bool:
    line = rf"^playbook:[ \t]*[\"']?{re.escape(playbook)}[\"']?[ \t]*(#.*)?$"
    return re.search(line, path.read_text("utf-8", "replace"), re.MULTILINE) is not None
