"""Start-up time of the command line, against an empty Python."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory

from handwheel.evaluation.plants.installed_plants import create_plant
from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site

from .measure import interleaved

_BASE = "python -c pass"


def rows(repeats: int) -> list[tuple[str, str]]:
    """Returns each command's time as a multiple of `python -c pass`."""
    with TemporaryDirectory() as folder:
        site = Path(folder, "site")
        write_site(site, create_plant("cw-100"), PlantEndpoints())
        times = interleaved(_commands(site), repeats)
    base_s = times.pop(_BASE)
    return [(name, f"{time_s / base_s:.1f} times {_BASE}") for name, time_s in times.items()]


def _commands(site: Path) -> Mapping[str, Callable[[], object]]:
    def lock_out() -> None:
        rmtree(site / "var", ignore_errors=True)  # so that each call makes the lockout
        _start("-m", "handwheel.hmi", "lockout", "--site", str(site))

    return {
        _BASE: lambda: _start("-c", "pass"),
        "handwheel lockout": lock_out,
        "handwheel --help": lambda: _start("-m", "handwheel.hmi", "--help"),
        "handwheel plants list": lambda: _start("-m", "handwheel.hmi", "plants", "list"),
    }


def _start(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
