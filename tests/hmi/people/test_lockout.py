import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from handwheel.connectors.config.yaml_documents import Document, parse_document
from handwheel.connectors.errors import ConfigError
from handwheel.hmi.people.lockout import run_lockout
from handwheel.hmi.people.lockout_site_file import Unclear, plain_state
from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site
from handwheel.sim_plant.cw100.plant import create
from handwheel.tools.guardrails.client import gate_socket
from handwheel.tools.guardrails.client.gate_socket import SOCKET_FILE
from handwheel.tools.guardrails.interlocks.lockout_files import make_lockout_folder, read_lockouts
from handwheel.tools.guardrails.socket_server.unix_socket import listening_socket

from ...command_line import HANDWHEEL, handwheel
from ..command_processes import environment

NEXT = "next: handwheel release"
NO_GATE = "no gate answers here: the lockout is only in the file until a gate reads it\n"
LINE = re.compile(r"\S+ \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z pid \d+\n")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    write_site(tmp_path / "site", create(None), PlantEndpoints())
    return tmp_path / "site"


def _lock(folder: Path, *words: str) -> tuple[int, str, str]:
    done = handwheel("lockout", *words, cwd=folder)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(("words", "scope"), [((), "site"), (("site",), "site"),
                         (("P-101A",), "P-101A"), (("PUMPS-101",), "PUMPS-101")])  # fmt: skip
def test_a_lockout_is_a_file_that_the_gate_sees(
    words: tuple[str, ...], scope: str, site: Path
) -> None:
    make_lockout_folder(site / "var")
    assert read_lockouts(site / "var") == frozenset()
    assert _lock(site, *words) == (0, f"locked out: {scope}\n{NO_GATE}{NEXT} {scope}\n", "")
    assert read_lockouts(site / "var") == {scope}
    text = (site / "var/lockout" / scope).read_text()
    assert LINE.fullmatch(text)
    with listening_socket(site / "var", SOCKET_FILE):  # this process is as good as a gate
        again = _lock(site, *words)
    assert again == (0, f"already locked out: {scope} ({text.strip()})\n{NEXT} {scope}\n", "")
    assert (site / "var/lockout" / scope).read_text() == text


def test_it_works_from_anywhere_and_before_any_gate(site: Path, tmp_path: Path) -> None:
    inner = site / "playbooks"
    inner.mkdir()
    first = handwheel("lockout", "P-101B", cwd=inner)
    assert first.stdout.splitlines() == [
        "locked out: P-101B",
        f"{site}/var/lockout is new: no gate has run here yet",
        "next: handwheel release P-101B",
    ]
    assert _lock(tmp_path, "--site", "site", "P-101A")[0] == 0
    named = handwheel("lockout", cwd=tmp_path, env={"HANDWHEEL_SITE": str(site)})
    assert named.returncode == 0
    assert read_lockouts(site / "var") == {"P-101A", "P-101B", "site"}


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("P-101C",), "there is no equipment 'P-101C'; known: PUMPS-101, P-101A, "),
        (("",), "there is no equipment ''"),
        (("P-101\N{CYRILLIC CAPITAL LETTER A}",), "there is no equipment 'P-101\\u0410'"),
        (("P-101A", "P-101B"), "one piece of equipment at a time"),
        (("--force",), "there is no option '--force'"),
        (("--site",), "--site needs a folder"),
        (("--site", "nowhere"), "'nowhere' is no folder"),
    ],
)
def test_what_cannot_be_locked_out_is_said_loudly_and_leaves_nothing(
    words: tuple[str, ...], reason: str, site: Path
) -> None:
    code, output, errors = _lock(site, *words)
    assert (code, output) == (2, "")
    assert errors.startswith("handwheel: NOT LOCKED OUT: ")
    assert reason in errors
    assert not (site / "var").exists()


def test_a_gate_that_was_killed_is_no_gate(site: Path) -> None:
    make_lockout_folder(site / "var")
    listening_socket(site / "var", SOCKET_FILE).close()  # its file stays
    assert _lock(site) == (0, f"locked out: site\n{NO_GATE}{NEXT} site\n", "")


def test_a_listener_of_another_user_is_no_gate(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stranger(_: object) -> tuple[int, int]:
        return 1, 99_999

    make_lockout_folder(site / "var")
    monkeypatch.setattr(gate_socket, "peer_credentials", stranger)
    with listening_socket(site / "var", SOCKET_FILE):
        assert run_lockout(["--site", str(site)]) == 0
    assert NO_GATE in capsys.readouterr().out


def test_without_a_site_it_says_so(tmp_path: Path) -> None:
    code, _, errors = _lock(tmp_path)
    assert code == 2
    assert errors == (
        "handwheel: NOT LOCKED OUT: no site.yaml here or above; name the site with --site\n"
    )


def test_it_needs_no_ledger_no_valid_files_and_no_reader(site: Path) -> None:
    state = site / "var"
    make_lockout_folder(state)
    (state / "ledger.db").write_bytes(b"\xff corrupt")
    (state / "ledger.db").chmod(0)
    (site / "tags.yaml").unlink()
    (site / "site.yaml").write_text("connections: {dcs: [\n" + (site / "site.yaml").read_text())
    reading, writing = os.pipe()
    os.close(reading)
    command = [*HANDWHEEL, "lockout", "P-101A"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, cwd=site, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")
    assert read_lockouts(state) == {"P-101A"}


@pytest.mark.parametrize("text", ["{schema: site/1, state: elsewhere}", "state: >\n  else\n", "\0",
                                  "state: !x y", None])  # fmt: skip
def test_a_file_that_cannot_be_read_plainly_locks_the_usual_folder_and_is_no_success(
    text: str | None, site: Path
) -> None:
    make_lockout_folder(site / "var")
    (site / "site.yaml").unlink()
    if text is not None:
        (site / "site.yaml").write_text(text)
    code, output, errors = _lock(site, "--site", ".")
    assert (code, output) == (2, f"locked out: site\n{NO_GATE}")
    assert errors.startswith("handwheel: NOT CERTAIN: site.yaml: ")
    assert "stop the gate's process" in errors
    assert read_lockouts(site / "var") == {"site"}


def test_equipment_of_a_site_that_cannot_be_read_locks_the_whole_site(site: Path) -> None:
    make_lockout_folder(site / "var")
    (site / "site.yaml").write_bytes(b"\xff")
    assert _lock(site, "P-101A")[:2] == (2, f"locked out: site\n{NO_GATE}")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_refuses_is_said_loudly(site: Path) -> None:
    make_lockout_folder(site / "var")
    (site / "var/lockout").chmod(0o500)
    code, output, errors = _lock(site)
    (site / "var/lockout").chmod(0o700)
    assert (code, output) == (2, "")
    assert "NOT LOCKED OUT" in errors
    assert "permission denied" in errors


@pytest.mark.parametrize("state", ["/dev/full", "/proc/handwheel"])
def test_a_state_folder_that_cannot_be_is_said_loudly(state: str, site: Path) -> None:
    text = (site / "site.yaml").read_text().replace("state: var/", f"state: {state}")
    (site / "site.yaml").write_text(text)
    code, output, errors = _lock(site)
    assert (code, output) == (2, "")
    assert errors.startswith(f"handwheel: NOT LOCKED OUT: {state}/lockout")


def test_a_file_where_the_folder_should_be_is_said_loudly(site: Path) -> None:
    (site / "var").mkdir()
    (site / "var/lockout").write_text("")
    assert _lock(site)[0] == 2
    assert read_lockouts(site / "var") == {"site"}


def test_a_lockout_without_content_counts(site: Path) -> None:
    make_lockout_folder(site / "var")
    (site / "var/lockout/site").symlink_to("nowhere")
    assert _lock(site) == (0, f"already locked out: site\n{NO_GATE}{NEXT} site\n", "")
    assert read_lockouts(site / "var") == {"site"}


def test_what_cannot_be_read_counts_as_a_locked_site(tmp_path: Path) -> None:
    assert read_lockouts(tmp_path) == frozenset()  # the twin: readable, and nothing there
    (tmp_path / "lockout").symlink_to("nowhere")
    assert read_lockouts(tmp_path) == {"site"}
    (tmp_path / "lockout").unlink()
    make_lockout_folder(tmp_path)
    for name in (".P-101A.swp", "P 101", "P-101\N{CYRILLIC CAPITAL LETTER A}", b"\xff"):
        path = os.path.join(os.fsencode(tmp_path), b"lockout", os.fsencode(name))  # noqa: PTH118
        os.close(os.open(path, os.O_CREAT))
        assert read_lockouts(tmp_path) == {"site"}, name
        os.unlink(path)  # noqa: PTH108
    assert read_lockouts(tmp_path) == frozenset()


_IMPORTED = """
import json, sys
before = set(sys.modules)
from handwheel.hmi.__main__ import main
try:
    main(["lockout", *sys.argv[1:]])
except SystemExit as end:
    print(json.dumps([end.code, sorted(set(sys.modules) - before)]))
"""


def test_it_imports_nothing_of_handwheel_but_itself_and_nothing_of_others(site: Path) -> None:
    command = [sys.executable, "-c", _IMPORTED, "--site", str(site)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    code, modules = json.loads(done.stdout.splitlines()[-1])
    assert code == 0
    ours = {name for name in modules if name.startswith("handwheel.")}
    assert ours == {
        "handwheel.connectors", "handwheel.connectors.hints",
        "handwheel.hmi", "handwheel.hmi.__main__",
        "handwheel.hmi.people", "handwheel.hmi.people.lockout",
        "handwheel.hmi.people.lockout_site_file",
        "handwheel.hmi.shell", "handwheel.hmi.shell.cli",
        "handwheel.hmi.shell.cli.interrupts", "handwheel.hmi.shell.cli.stdio",
        "handwheel.tools", "handwheel.tools.guardrails",
        "handwheel.tools.guardrails.client", "handwheel.tools.guardrails.client.gate_socket",
    }  # fmt: skip
    tops = {name.partition(".")[0] for name in modules} - {"handwheel"}
    assert tops <= sys.stdlib_module_names
    assert not tops & {"asyncio", "json", "logging", "sqlite3", "typing_extensions"}


def test_the_shells_completion_knows_it() -> None:
    asked = {"_HANDWHEEL_COMPLETE": "complete_bash", "COMP_WORDS": "handwheel lockout --",
             "COMP_CWORD": "2"}  # fmt: skip
    done = subprocess.run([*HANDWHEEL], capture_output=True, text=True, check=False,
                          env=environment(**asked))  # fmt: skip
    assert "--site" in done.stdout


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("schema: site/1\nid: a\n", ""),
        ("---\n# a comment\nschema: site/1\nstate: var/\n", "var/"),
        ("state: /srv/hand wheel/state   # local disk\nid: a\n", "/srv/hand wheel/state"),
        ("state: 'it''s'\n", None),
        ("state: 'here'\n\n# more\nid: a\n", "here"),
        ("equipment:\n  state: {class: pump}\n", ""),
        ("state: a\nstate: b\n", None),
        ('state: "a\\x62"\n', None),
        ("state: a\n  b\n", None),
        ("state:\n  a\n", None),
        ("  state: a\n", None),
    ],
)
def test_the_state_folder_is_read_plainly_or_not_at_all(text: str, state: str | None) -> None:
    try:
        found = plain_state(text.split("\n"))
    except Unclear:
        assert state is None
    else:
        assert found == state


_VALUES = st.text(st.sampled_from("ab /.:#'\"\\-?!&*|>{}[],%@`\t\n ~0é\x85\u2028"), max_size=12)
_LINES = st.one_of(
    st.builds("{}: {}".format, st.sampled_from(["state", '"state"', "'state'", "id", " state"]),
              _VALUES),
    st.sampled_from(["# state: no", "", "---", "...", "  more", "id: 'a", "state:", "- a"]),
)  # fmt: skip


@given(st.lists(_LINES, max_size=4))
@example(["state: a #b"])
@example(["state: a: b"])
def test_where_it_reads_a_folder_the_sites_own_reader_reads_the_same(lines: list[str]) -> None:
    text = "\n".join(lines)
    try:
        found = plain_state(text.split("\n"))
        data = parse_document(text, Document("site.yaml")).data
    except (Unclear, ConfigError):
        return
    said: object = cast("dict[str, object]", data).get("state") if isinstance(data, dict) else None
    if isinstance(said, str) or found == "":
        assert found == (said or "")
