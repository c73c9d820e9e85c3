"""What is shipped is what stands in the tree, and what stands in the tree may be shown."""

import re
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("agents", "api", "connectors", "evaluation", "hmi", "playbooks", "sim_plant", "tools")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _tracked() -> list[Path]:
    output = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return [ROOT / name for name in output.split("\0") if name]


def _installed(folder: Path) -> str:
    """Returns the dotted name of a folder; `api` is the root package."""
    return ".".join(("handwheel", *folder.parts)).replace("handwheel.api", "handwheel")


def _folder(package: str) -> Path:
    parts = package.split(".")[1:]
    return ROOT / Path(*parts) if parts and parts[0] in ROOMS else ROOT / "api" / Path(*parts)


def test_every_package_of_the_tree_is_in_the_wheel() -> None:
    packages = {
        _installed(path.parent.relative_to(ROOT))
        for room in ROOMS
        for path in (ROOT / room).rglob("__init__.py")
    }
    settings = PROJECT["tool"]["setuptools"]
    assert set(settings["packages"]) == packages
    assert settings["package-dir"] == {_installed(Path(room)): room for room in ROOMS}


def test_every_data_file_of_the_tree_is_in_the_wheel() -> None:
    data = PROJECT["tool"]["setuptools"]["package-data"]
    shipped = {
        path
        for package in PROJECT["tool"]["setuptools"]["packages"]
        for pattern in (*data["*"], *data.get(package, ()))
        for path in _folder(package).glob(pattern)
    }
    tracked = {path for path in _tracked() if path.relative_to(ROOT).parts[0] in ROOMS}
    there = {ROOT / "playbooks/library/cw/pump-bearing-changeover.yaml", *tracked}
    assert {path for path in there if path.suffix not in {".py", ".md"}} <= shipped


def test_every_room_is_typed_and_has_its_link_for_the_checkers() -> None:
    assert all((ROOT / room / "py.typed").is_file() for room in ROOMS)
    linked = [ROOT / room for room in ROOMS if room != "api"]
    linked += [each for each in (ROOT / "api").iterdir() if each.name != "__pycache__"]
    links = list((ROOT / "typings" / "handwheel").iterdir())
    assert all(each.is_symlink() and not each.readlink().is_absolute() for each in links)
    assert {each.name: each.resolve() for each in links} == {each.name: each for each in linked}


# Pieces are joined here, so that this file does not contain what it forbids.
FOREIGN = re.compile(
    "|".join(
        [
            "pypi" + r"\.org",
            "files\\.python" + "hosted",
            r"--(extra-)?index" + "-url",
            r"(?<![\w.])/(work|root|home|Users)/",
            r"\.\./sha" + "red",
        ]
    )
)


def test_no_registry_and_no_path_of_a_machine_is_named() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for path in _tracked()
        if path.is_file() and not path.is_symlink() and path.suffix not in {".png", ".svg"}
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if FOREIGN.search(line) and path != Path(__file__)
    ]
    assert found == []


def test_the_lock_pins_every_dependency_and_nothing_else() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert all(re.fullmatch(r"[a-z0-9._-]+==[\w.]+( ; .+)?", line) for line in lines)
    pinned = {line.partition("==")[0] for line in lines}
    project = PROJECT["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.split(r"[\[<>=]", text)[0].replace(".", "-").lower() for text in asked}
    assert names - {"handwheel"} <= {name.replace(".", "-") for name in pinned}


def test_a_python_that_is_too_old_is_told_so_before_anything_is_made(tmp_path: Path) -> None:
    old = tmp_path / "python3.9"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && { echo "Python 3.9.1"; exit 0; }\nexit 1\n')
    old.chmod(0o755)
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text(encoding="utf-8"))
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).touch()
    result = subprocess.run(
        ["make", f"PYTHON={old}", "demo"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.returncode == 2
    assert "Handwheel needs Python 3.11 or newer" in result.stderr
    assert "Python 3.9.1" in result.stderr
    assert not (tmp_path / ".venv").exists()
