"""Libraries of playbooks and failure modes, our own and those of other packages."""

from importlib.resources import files
from pathlib import Path
from typing import Any

from handwheel.connectors.config.plug_ins import MissingPlugIn, PlugIns, UnusablePlugIn, WrongPlugIn

GROUP = "handwheel.playbooks"
"""Entry points of libraries, each a Python package.

Its folder `playbooks` has playbooks and their tests, its file `failure_modes.yaml` failure modes.
"""

PACKAGE = "package:"
"""Beginning of the name of a library in `site.yaml`, such as `package:cw`."""


def library_folder() -> Path:
    """Returns the folder of the playbooks in this package."""
    return Path(str(files("handwheel.playbooks"))) / "library"


def library_names() -> list[str]:
    """Returns the installed libraries as they are named, such as `package:cw`."""
    return [f"{PACKAGE}{each}" for each in _libraries().names()]


def playbooks_of(library: str) -> Path:
    """Returns the folder of the playbooks of a library such as `package:cw`.

    Raises:
        UnusablePlugIn: It is not installed, cannot be imported, or has no such folder.
    """
    name = library.removeprefix(PACKAGE)
    own = library_folder() / name
    return own if name in _own() else _file_of(library, "playbooks")


def failure_modes_of(library: str) -> Path:
    """Returns the file of the failure modes of a library of another package.

    Raises:
        UnusablePlugIn: It is not installed, cannot be imported, or has no such file.
    """
    return _file_of(library, "failure_modes.yaml")


def _own() -> list[str]:
    return [each.name for each in library_folder().iterdir() if each.is_dir()]


def _libraries() -> PlugIns:
    return PlugIns(GROUP, "library", _own())


def _file_of(library: str, name: str) -> Path:
    def found(package: Any) -> Path:
        folders = getattr(package, "__path__", None)
        if folders is None:
            raise WrongPlugIn("is no package with a folder")
        path = Path(next(iter(folders))) / name
        if not path.exists():
            raise WrongPlugIn(f"has no {name}")
        return path

    try:
        return _libraries().load(library.removeprefix(PACKAGE), found)
    except MissingPlugIn:
        known = ", ".join(library_names())
        raise MissingPlugIn(f"there is no library {library!r}; known: {known}") from None
    except UnusablePlugIn as error:
        raise UnusablePlugIn(f"library {library!r}: {error}") from error
