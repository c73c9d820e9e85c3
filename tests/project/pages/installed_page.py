"""A package whose files stand on a page, as if `pip` had installed it."""

import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from ...plug_ins.registered import register
from .doc_shell import blocks
from .doc_tables import text_of


def install(page: Path, package: str, folder: Path, patch: pytest.MonkeyPatch) -> str:
    """Writes the page's files into a folder; returns the first name under which it is found."""
    files = {block.title: "\n".join(block.lines) for block in blocks(text_of(page)) if block.title}
    for name, text in files.items():
        (folder / name).write_text(f"{text}\n", encoding="utf-8")
    project: Mapping[str, Mapping[str, Mapping[str, str]]]
    project = tomllib.loads(files["pyproject.toml"])["project"]
    register(folder, patch, project["entry-points"], package)
    patch.delitem(sys.modules, package, raising=False)
    (entries,) = project["entry-points"].values()
    return next(iter(entries))
