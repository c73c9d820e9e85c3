"""Processes under users of their own; no user needs an entry in passwd."""

import os
import shutil
import site
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import PIPE

_MAIN = """
import site, sitecustomize, sys
site.addsitedir(sys.argv.pop(1))
from handwheel.hmi.__main__ import main
main()
"""
_TRIES = """
import os, shutil, sqlite3, sys
for each in sys.argv[1:]:
    try:
        print(eval(each))
    except Exception as error:
        print(type(error).__name__)
"""
_NOBODY = 64999
_PACKAGES = site.getsitepackages()[0]


def interpreter() -> str:
    """A Python of this version that every user can run; empty if there is none."""
    named = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for found in (sys.executable, shutil.which(named, path="/usr/local/bin:/usr/bin")):
        try:
            asked = [found or "", "-c", f"import ssl, sqlite3, os; os.listdir({_PACKAGES!r})"]
            if subprocess.run(asked, user=_NOBODY, group=_NOBODY, check=False).returncode == 0:
                return str(found)
        except OSError:
            continue
    return ""


@dataclass(frozen=True)
class User:
    """A user, and the group that all of them share."""

    uid: int
    group: int
    python: str
    environment: Mapping[str, str] = field(default_factory=dict[str, str])

    def handwheel(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Runs the command line; the umask shows that it has no say in what is made."""
        with self.started(*words) as process:
            out, errors = process.communicate(timeout=60)
        return subprocess.CompletedProcess(words, process.returncode, out, errors)

    def tries(self, *calls: str) -> list[str]:
        """Makes calls one after the other; returns what each returns, or the name of its error."""
        done = subprocess.run(
            [self.python, "-c", _TRIES, *calls], user=self.uid, group=self.uid,
            extra_groups=[self.group], capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.splitlines()

    @contextmanager
    def started(self, *words: str) -> Generator[subprocess.Popen[str]]:
        """Runs the command line until the context ends."""
        with subprocess.Popen(
            [self.python, "-S", "-c", _MAIN, _PACKAGES, *words],
            user=self.uid, group=self.uid, extra_groups=[self.group], umask=0o077,
            stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True, cwd="/",
            env={**os.environ, **self.environment},
        ) as process:  # fmt: skip
            try:
                yield process
            finally:
                process.kill()

    def own(self, path: Path, mode: int) -> Path:
        """Gives a file or folder to the user."""
        os.chown(path, self.uid, self.group)
        path.chmod(mode)
        return path


@contextmanager
def open_folder() -> Generator[Path]:
    """A temporary folder that every user can enter, unlike those of pytest."""
    folder = Path(tempfile.mkdtemp(prefix="handwheel-users-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
