"""Whatever is wrong: one clear message on standard error, exit code 2, no traceback."""

import socket
from collections.abc import Generator
from pathlib import Path

import pytest

from handwheel.hmi.site.files.site_template import PlantEndpoints

from ...command_line import handwheel
from ...plants.served import site_of
from ..command_processes import ANY_PORTS

SERVE = f"plant serve cw-100 {' '.join(ANY_PORTS)}"
RUN = "plant run cw-100 --for 1min"
PORTS = ("opcua-port", "modbus-port", "modbus-gate-port")

# Command line in the folder `folder` makes, and what the message says.
WRONG = [
    ("", "Usage: handwheel"),
    ("plnat", "No such command 'plnat'. Did you mean 'plants'?"),
    ("unlock", "No such command 'unlock'. Did you mean 'release'?"),
    ("tags list --jsom", "No such option: --jsom"),
    ("demo --fault F99", "there is no scenario for 'F99'; known: F01, F02"),
    ("init", "Missing argument"),
    ("init good", "good: exists and is not an empty folder"),
    ("init a-file", "a-file: exists and is not an empty folder"),
    ("init circle", "circle: is a symbolic link that leads nowhere"),
    ("init new --plant cw-101", "there is no plant 'cw-101'; did you mean 'cw-100'?"),
    ("init new --opcua-port 0", "Invalid value for '--opcua-port'"),
    ("policy explain --site good PIC-102.sp", "'PIC-102.sp': write TAG=VALUE"),
    ("policy explain --site good PIC-102.sp=nan", "'nan' is not taken; write a decimal number"),
    ("check", "no site.yaml here or above"),
    ("check --site nowhere", "nowhere/site.yaml: there is no such file"),
    ("check --site broken", "broken/site.yaml:2:9: "),
    ("check --site latin1", "latin1/site.yaml: cannot be read: not UTF-8 at byte 4"),
    ("check --site folder", "folder/site.yaml: cannot be read: is a directory"),
    ("check --site no-tags", "no-tags/tags.yaml: cannot be read: no such file or directory"),
    ("tags list --site good PT-102", "there is no tag 'PT-102'; did you mean 'PT-102.pv'?"),
    ("tags watch --site good 0*", "there is no tag '0*'"),
    ("plant faults cw-101", "there is no plant 'cw-101'; did you mean 'cw-100'?"),
    ("plant run cw-100", "--for: say how long, such as 5h, here or as 'for' in the scenario"),
    ("plant run cw-100 --for 5", "--for: '5' is no duration"),
    ("plant run cw-100 --for 0s", "--for: '0s' must be longer than 0 s"),
    (f"{RUN} --every 0min", "--every: '0min' must be longer than 0 s"),
    (f"{RUN} --fault F20", "there is no fault called 'F20'"),
    (f"{RUN} --fault F01@-3min", "'-3min' lies before the start; a time is 0 s or later"),
    (f"{RUN} --fault F01,d1=0.3", "there is no parameter of F01 called 'd1'; did you mean d0?"),
    (f"{RUN} --fault F01,d0", "write NAME=VALUE, such as d0=0.3"),
    (f"{RUN} --fault F01,d0=9", "9.0 is not a number from 0.01 to 1.5"),
    (f"{RUN} --fault F01,pump=P-101C", "'P-101C' is not one of P-101A, P-101B"),
    (f"{RUN} --field clean", "there is no field action called 'clean'"),
    (f"{RUN} --csv no/such/folder.csv", "no/such/folder.csv: no such file or directory"),
    (f"{RUN} --csv /dev/full", "/dev/full: no space left on device"),
    (f"{RUN} --plot --tag PT-103.pv", "there is no tag 'PT-103.pv'; did you mean 'PT-102.pv'?"),
    (f"{RUN} --plot --tag PT-102.pv=9", "'PT-102.pv=9': write TAG or TAG=LOW..HIGH"),
    (f"{RUN} --tag PT-102.pv", "--tag: say also where to draw, with --plot or --png FILE"),
    (f"{RUN} --png no/such/run.png", "no/such/run.png: no such file or directory"),
    (f"{RUN} --scenario nowhere.yaml", "nowhere.yaml: cannot be read: no such file or directory"),
    (f"{SERVE} --scenario empty", "empty:1:1: must be a table of keys, found nothing"),
    (f"{SERVE} --speed fast", "'fast' is not a speed"),
    (f"{SERVE} --modbus-port 65536", "Invalid value for '--modbus-port'"),
    (f"{SERVE} --snapshot a-file", "a-file: not a snapshot"),
    (f"{SERVE} --snapshot deep.json", "deep.json: not a snapshot"),
    (f"{SERVE} --snapshot tep.json", "tep.json: this is a snapshot of 'tep', not of cw-100"),
    (f"{SERVE} --snapshot half.json", "half.json: state: expected a table"),
    (f"{SERVE} --snapshot folder", "folder: is a directory"),
    (f"{SERVE} --snapshot no/such/file", "no/such/file: there is no folder no/such"),
    (f"{SERVE} --gate-secret empty", "empty is empty"),
    (f"{SERVE} --gate-secret latin1/site.yaml", "latin1/site.yaml: not UTF-8 at byte 4"),
    (f"{SERVE} --frame-log no/such/log", "frame log no/such/log: no such file or directory"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds one of everything that can be wrong."""
    folder = tmp_path_factory.mktemp("wrong")
    site_of(folder / "good", PlantEndpoints())
    good = {name: (folder / "good" / name).read_text() for name in ("site.yaml", "tags.yaml")}
    for name in ("broken", "latin1", "folder", "no-tags"):
        (folder / name).mkdir()
        (folder / name / "tags.yaml").write_text(good["tags.yaml"])
    (folder / "no-tags" / "site.yaml").write_text(good["site.yaml"])
    (folder / "no-tags" / "tags.yaml").unlink()
    (folder / "folder" / "site.yaml").mkdir()
    (folder / "broken" / "site.yaml").write_text("id: a\ncolour: ]\n")
    (folder / "latin1" / "site.yaml").write_bytes("id: \xe9".encode("latin-1"))
    (folder / "a-file").write_text("something else\n")
    (folder / "empty").write_text(" \n")
    (folder / "circle").symlink_to(folder / "circle")
    (folder / "deep.json").write_text("[" * 100_000)
    (folder / "tep.json").write_text('{"model": "tep"}')
    (folder / "half.json").write_text('{"model": "cw-100"}')
    return folder


@pytest.mark.parametrize(("line", "message"), WRONG, ids=[line or "nothing" for line, _ in WRONG])
def test_wrong_input_gives_one_clear_message(folder: Path, line: str, message: str) -> None:
    before = _contents(folder)
    done = handwheel(*line.split(), cwd=folder, env={"HANDWHEEL_SITE": ""})
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    said = [text for text in done.stderr.splitlines() if text.startswith(("handwheel: ", "Error"))]
    assert len(said) == ("Usage" not in message)
    assert "handwheel: : " not in done.stderr
    assert "Traceback" not in done.stderr
    assert _contents(folder) == before


def _contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path): path.read_bytes() if path.is_file() else b""
        for path in folder.rglob("*")
        if path.name != "circle"
    }


@pytest.fixture
def taken() -> Generator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def _free_ports(count: int) -> list[int]:
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


@pytest.mark.parametrize("name", PORTS)
def test_a_port_in_use_is_named_and_nothing_keeps_listening(taken: int, name: str) -> None:
    ports: dict[str, int] = dict(zip(PORTS, _free_ports(3), strict=True))
    ports[name] = taken
    options = [word for option, port in ports.items() for word in (f"--{option}", str(port))]
    done = handwheel("plants", "serve", "cw-100", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"handwheel: port {taken} for ")
    assert f": address already in use; name another with --{name} " in done.stderr
    assert done.stderr.count("\n") == 1
    for port in set(ports.values()) - {taken}:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
