"""New folder of a site, made whole or not at all."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from handwheel.connectors.errors import ConfigError, os_reason
from handwheel.connectors.hints import shell_command
from handwheel.connectors.model.site import SITE_FILE

_ENROLL = shell_command("operators", "enroll", "NAME", "--role", "ROLE")
_FILES = {
    ".gitignore": "var/\nsecrets/\n",
    "operators.yaml": f"# Who may decide; '{_ENROLL}' adds.\nschema: operators/1\noperators: []\n",
}


def site_id_of(directory: Path) -> str:
    """Returns the id of a site in this folder."""
    name = directory.resolve().name.lower()
    return re.sub(r"[^a-z0-9]+", "-", name).strip("-")[:63] or "site"


@contextmanager
def new_site_folder(directory: Path) -> Generator[Path]:
    """Yields a draft that becomes the site's folder when the context ends without an error.

    It has the files that every site has at first. An empty folder is kept, since it may be the
    working directory.

    Raises:
        ConfigError: The folder is not empty, or cannot be written.
    """
    if directory.is_symlink() and not directory.exists():
        raise ConfigError.of("is a symbolic link that leads nowhere", directory)
    try:
        place = directory.resolve()
        if place.exists() and (not place.is_dir() or any(place.iterdir())):
            raise ConfigError.of("exists and is not an empty folder", directory)
        beside = next(each for each in (place, *place.parents) if each.exists())
        with TemporaryDirectory(prefix=".handwheel-", dir=beside) as folder:
            draft = Path(folder, "site")
            draft.mkdir()
            for name, text in _FILES.items():
                (draft / name).write_text(text, encoding="utf-8")
            yield draft
            _install(draft, place)
    except OSError as error:
        raise ConfigError.of(os_reason(error), directory) from None


def _install(draft: Path, place: Path) -> None:
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        draft.rename(place)
        return
    # The site file is last, since with it the folder is a site.
    for path in sorted(draft.iterdir(), key=lambda path: path.name == SITE_FILE):
        path.rename(place / path.name)
