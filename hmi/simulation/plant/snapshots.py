"""Snapshots of a simulated plant as files."""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from handwheel.connectors.errors import os_reason
from handwheel.sim_plant.base import Plant
from handwheel.sim_plant.errors import SnapshotError


def load_snapshot(plant: Plant, path: Path) -> None:
    """Restores a plant from a snapshot file, if the file exists.

    Raises:
        SnapshotError: It cannot be read, is not a snapshot of this plant, or has no folder.
    """
    _refuse_special(path)  # a pipe would be waited for, a device never ends
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if not path.parent.is_dir():
            raise SnapshotError(f"{path}: there is no folder {path.parent}") from None
        return
    except OSError as error:
        raise SnapshotError(f"{path}: {os_reason(error)}") from None
    except (ValueError, RecursionError) as error:
        raise SnapshotError(f"{path}: not a snapshot: {error}") from None
    if not isinstance(saved, dict):
        raise SnapshotError(f"{path}: not a snapshot")
    try:
        plant.restore(cast(dict[str, Any], saved))
    except SnapshotError as error:
        raise SnapshotError(f"{path}: {error}") from None


def save_snapshot(plant: Plant, path: Path) -> None:
    """Writes a snapshot. An existing file is replaced whole or not at all.

    A symbolic link stays; the file to which it leads is written.

    Raises:
        SnapshotError: It cannot be written.
    """
    if not path.name or path.is_dir():
        raise SnapshotError(f"{path} is a folder; name a file")
    target = Path(os.path.realpath(path))
    draft = target.with_name(target.name + ".part")
    for each in (target, draft):
        _refuse_special(each)
    try:
        draft.write_text(json.dumps(plant.snapshot(), indent=1) + "\n", encoding="utf-8")
        draft.replace(target)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise SnapshotError(f"{path}: {os_reason(error)}") from None


def _refuse_special(path: Path) -> None:
    if path.exists() and not path.is_file() and not path.is_dir():
        raise SnapshotError(f"{path} is no ordinary file; name another")
