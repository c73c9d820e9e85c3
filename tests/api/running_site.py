"""A simulated site whose processes run, for programs."""

import json
import os
import shutil
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..forked_process import ForkedProcess

UP = (sys.executable, "-m", "handwheel.hmi", "up", "--headless")


@dataclass(frozen=True)
class RunningSite:
    """Folder of a site, with plant, gate and agents as processes."""

    root: Path
    process: ForkedProcess

    def tell_plant(self, line: str) -> None:
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def without_agents(self, folder: Path) -> Path:
        """Returns a copy whose plant runs, and where no agents have ever run."""
        copy = folder / "copy"
        shutil.copytree(self.root, copy, ignore=shutil.ignore_patterns("var"))
        return copy


@contextmanager
def running_site(folder: Path, *options: str) -> Generator[RunningSite]:
    """Runs `handwheel up --headless` while the context is open."""
    errors = folder / "up.log"
    environment = {**os.environ, "TMPDIR": str(folder)}
    with (
        errors.open("wb") as log,
        ForkedProcess((*UP, *options), cwd=folder, env=environment, errors=log) as process,
    ):
        line = process.stdout.readline()
        assert line, errors.read_text()
        yield RunningSite(Path(json.loads(line)["site"]), process)
        process.stdin.close()
        assert process.wait(60) == 0, errors.read_text()
