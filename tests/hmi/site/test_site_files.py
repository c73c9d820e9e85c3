"""`init` and `check` without a plant: files that are made, and what can be wrong with them."""

import re
from pathlib import Path

import pytest

from handwheel.connectors.config.secrets import resolve_secret
from handwheel.connectors.model.site import load_site
from handwheel.hmi.site.files.site_template import PlantEndpoints

from ...command_line import handwheel
from ...plants.served import site_of


@pytest.mark.parametrize("name", ["No", "2026", "Süd 2", "-", "a" * 99])
def test_a_site_can_have_any_folder_name(tmp_path: Path, name: str) -> None:
    assert len(site_of(tmp_path / name, PlantEndpoints()).tags) == 101  # it reads what it wrote


def test_init_into_an_empty_folder_keeps_the_folder(tmp_path: Path) -> None:
    before = tmp_path.stat().st_ino
    done = handwheel("init", ".", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert tmp_path.stat().st_ino == before  # a shell that stands in it sees the files
    assert {path.name for path in tmp_path.iterdir()} == {
        "site.yaml", "tags.yaml", "policy.yaml", "operators.yaml", "secrets", ".gitignore",
    }  # fmt: skip
    assert handwheel("check", cwd=tmp_path).returncode == 0


def test_init_makes_a_password_that_nobody_else_reads(tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert handwheel("init", name, cwd=tmp_path).returncode == 0
    files = [tmp_path / name / "secrets/dcs-gate" for name in ("a", "b")]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert {path.parent.stat().st_mode & 0o777 for path in files} == {0o700}
    passwords = {path.read_text().strip() for path in files}
    assert len(passwords) == 2
    assert min(map(len, passwords)) >= 24
    site = load_site(tmp_path / "a")
    assert resolve_secret("file:secrets/dcs-gate", site.root, "dcs") in passwords
    assert all(site.is_writable(tag) for tag in site.tags.values() if tag.writable)
    assert site.connections["pkg"].write_where == "modbus://127.0.0.1:5021/1"
    shown = {tag.name: tag.readback for tag in site.tags.values() if tag.writable}
    assert {name for name, readback in shown.items() if not readback} == {
        "P-101A.reset", "P-101B.reset",
    }  # fmt: skip
    assert all(readback in {"", name} for name, readback in shown.items())


def test_check_names_the_problems_of_every_file_at_once(tmp_path: Path) -> None:
    site_of(tmp_path, PlantEndpoints())
    edits = {
        "site.yaml": ("P-101A.mode ==", "P-101A.mod =="),
        "policy.yaml": ("P-101B.running", "P-101B.runing"),
        "operators.yaml": ("operators: []", "operators: {}"),
    }
    for name, (old, new) in edits.items():
        text = (tmp_path / name).read_text()
        assert old in text
        (tmp_path / name).write_text(text.replace(old, new, 1))
    done = handwheel("check", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    said = [line.partition(": ")[2].rpartition("/")[2] for line in done.stderr.splitlines()]
    assert [line.partition(":")[0] for line in said] == sorted(edits)
    (tmp_path / "tags.yaml").write_text("schema: tags/2\n")
    (tmp_path / "policy.yaml").write_text("schema: policy/2\nroles: {}\n")
    done = handwheel("check", cwd=tmp_path)
    assert "tags.yaml:1:1: schema: " in done.stderr
    assert "policy.yaml:1:1: schema: " in done.stderr


def test_check_wants_a_policy_only_where_something_is_written(tmp_path: Path) -> None:
    site_of(tmp_path, PlantEndpoints())
    (tmp_path / "policy.yaml").unlink()
    done = handwheel("check", cwd=tmp_path)
    assert done.returncode == 2
    assert "policy.yaml: there is no such file, and without a policy nothing" in done.stderr
    text = (tmp_path / "site.yaml").read_text()
    (tmp_path / "site.yaml").write_text(re.sub(r", write: \{[^}]*\}", "", text))
    assert handwheel("check", cwd=tmp_path).returncode == 0
