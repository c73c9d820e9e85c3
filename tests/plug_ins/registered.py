"""Entry points as `pip` notes them, found by this process and by those that it starts."""

from collections.abc import Mapping
from pathlib import Path

import pytest


def register(
    folder: Path,
    patch: pytest.MonkeyPatch,
    groups: Mapping[str, Mapping[str, str]],
    package: str = "acme",
) -> None:
    """Notes a package with these entry points in the folder, whose modules can be imported."""
    note = folder / f"{package}-1.dist-info"
    note.mkdir()
    (note / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n")
    lines = [
        line
        for group, entries in groups.items()
        for line in (f"[{group}]", *(f"{name} = {target}" for name, target in entries.items()))
    ]
    (note / "entry_points.txt").write_text("\n".join([*lines, ""]))
    patch.syspath_prepend(folder)
    patch.setenv("PYTHONPATH", str(folder))
