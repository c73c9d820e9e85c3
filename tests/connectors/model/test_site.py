"""Sites: every wrong thing is told with its place; a site is found where it is meant."""

import re
from hashlib import sha256
from pathlib import Path

import pytest

from handwheel.connectors.config.secrets import resolve_secret
from handwheel.connectors.errors import ConfigError, NotConnected
from handwheel.connectors.model.endpoints import ModbusConnection
from handwheel.connectors.model.equipment import Equipment
from handwheel.connectors.model.site import SITE_VARIABLE, find_site, load_site
from handwheel.connectors.model.tags import NodeAddress, RegisterAddress, Tag

from ...sites.site_text import SITE, TAGS, load


def test_a_good_site_is_loaded_whole(tmp_path: Path) -> None:
    site = load(tmp_path / "a")
    assert site.id == "works-7"
    assert [connection.where for connection in site.connections.values()] == [
        "opc.tcp://127.0.0.1:4840",
        "modbus://127.0.0.1:5020/1",
    ]
    package = site.connections["pkg"]
    assert isinstance(package, ModbusConnection)
    assert (package.order, package.scan, package.timeout) == ("CDAB", 0.05, 2.0)
    assert site.tags["PT-102.pv"] == Tag(
        "PT-102.pv", "dcs", "float", NodeAddress("nsu=urn:works;s=PT-102.pv"), span=(0, 600)
    )
    assert site.tags["P-101A.run_cmd"].address == RegisterAddress("coil", 0, "bit")
    assert site.tags["VT-101A.pv"].address == RegisterAddress("input", 4, "float32")
    assert site.tags["P-101A.starts"].address == RegisterAddress("input", 10, "uint32")
    assert site.equipment["PUMPS-101"] == Equipment(path="CW", members=["P-101A"])
    assert site.find_tags(["VT-101A.pv", "PT-102.pv"])[0].equipment == "P-101A"
    # It only reads.
    assert {connection.write_where for connection in site.connections.values()} == {""}
    assert not any(site.is_writable(tag) for tag in site.tags.values())
    assert (site.trust_root, site.state) == ("", tmp_path / "a" / "var")
    assert site.tags["P-101A.run_cmd"].readback == ""


def test_a_site_that_writes_is_loaded_whole(tmp_path: Path) -> None:
    root = f"SHA256:{'a+/9' * 10}abc"
    text = SITE.replace("tags: tags.yaml", f'trust: {{root: "{root}"}}\nstate: /srv/works')
    text = text.replace("read: {port: 5020}", "write: {port: 5021}")
    text = text.replace("timeout: 2 s}", "write: {user: gate, secret: 'env:PW'}}", 1)
    tags = TAGS.replace("writable: true", "writable: true, readback: self, within: 500 ms")
    site = load(tmp_path, text.replace("class: pump", "remote_when: VT-101A.pv > 1"), tags)
    assert (site.trust_root, site.state) == (root, Path("/srv/works"))
    assert [connection.write_where for connection in site.connections.values()] == [
        "opc.tcp://127.0.0.1:4840",
        "modbus://127.0.0.1:5021/1",
    ]
    command = site.tags["P-101A.run_cmd"]
    assert (command.readback, command.within_s) == ("P-101A.run_cmd", 0.5)
    assert [tag for tag in site.tags.values() if site.is_writable(tag)] == [command]
    assert site.equipment["P-101A"].remote_when == "VT-101A.pv > 1"


def test_the_hashes_are_of_the_bytes_that_were_read(tmp_path: Path) -> None:
    site = load(tmp_path)
    assert site.hashes == {
        "site": sha256(SITE.encode()).hexdigest(),
        "tags": sha256(TAGS.encode()).hexdigest(),
        "policy": "",
    }
    (tmp_path / "policy.yaml").write_bytes(b"a: 1\r\n")
    again = load_site(tmp_path)
    assert again.hashes == {**site.hashes, "policy": sha256(b"a: 1\r\n").hexdigest()}
    (tmp_path / "site.yaml").write_bytes(SITE.replace("\n", "\r\n").encode())
    assert load_site(tmp_path).hashes["site"] != site.hashes["site"]


def test_a_scope_covers_what_is_in_it_however_deep(tmp_path: Path) -> None:
    nested = "AREA: {members: [PUMPS-101]}\n  RING: {members: [RING]}\n  PUMPS-101:"
    site = load(tmp_path, SITE.replace("PUMPS-101:", nested))
    assert site.scopes_of("P-101A") == ("site", "AREA", "PUMPS-101", "P-101A")
    assert site.scopes_of("AREA") == ("site", "AREA")
    assert site.scopes_of("RING") == ("site", "RING")
    assert site.scopes_of("") == ("site",)
    assert site.members_of("AREA") == ("AREA", "PUMPS-101", "P-101A")
    assert site.members_of("site") == ("AREA", "RING", "PUMPS-101", "P-101A")
    assert site.members_of("X-9") == ()


_TABLE = Path(__file__).with_name("site_edits.txt").read_text(encoding="utf-8")
EDITS = re.findall(r"^(site|tags): (.+?) ->(?: (.+?))? => (.+)$", _TABLE, re.MULTILINE)


def test_each_wrong_thing_is_told_with_its_place(tmp_path: Path) -> None:
    for file, old, new, problem in EDITS:
        good = {"site": SITE, "tags": TAGS}
        assert old in good[file]
        edited = good | {file: good[file].replace(old, new, 1)}
        with pytest.raises(ConfigError) as caught:
            load(tmp_path, **edited)
        (only,) = caught.value.problems
        assert str(only).startswith(f"{tmp_path / file}.yaml:{problem}")


def test_the_problems_of_both_files_are_told_at_once_in_order(tmp_path: Path) -> None:
    site = SITE.replace("50 ms", "50 mm").replace("CDAB", "CABD")
    tags = TAGS.replace("uint32", "uint8").replace("unit:", "units:")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, site, tags)
    places = [(Path(p.file).name, p.line, p.column) for p in caught.value.problems]
    assert places[:3] == [("site.yaml", 4, 60), ("site.yaml", 8, 5), ("site.yaml", 9, 5)]
    assert places[3:] == [("tags.yaml", 7, 72), ("tags.yaml", 9, 74)]
    assert str(caught.value).splitlines() == [str(problem) for problem in caught.value.problems]
    tags = TAGS.replace("dcs", "d").replace("P-101A}", "X}")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, SITE.replace("[P-101A]", "[Y-1, P-101A, Z-1]"), tags)
    keys = [problem.key.partition(".")[2] for problem in caught.value.problems]
    assert keys[:2] == ["PUMPS-101.members.0", "PUMPS-101.members.2"]
    assert keys[2:4] == ["PT-102.pv.connection", "PIC-102.mode.connection"]
    assert keys[4:] == ["VT-101A.pv.equipment"]


def test_a_password_in_the_wrong_place_is_never_repeated(tmp_path: Path) -> None:
    cases: list[tuple[str, str]] = [
        ("timeout: 2 s}", "read: {user: a, secret: hunter2}}"),
        ("timeout: 2 s}", "read: {user: a, secret: {hunter: hunter2}}}"),
        ("timeout: 2 s}", "read: {user: a, secret: 'env:hunter2-'}}"),
        ("127.0.0.1:4840", "a:hunter2@works:4840"),
        ("127.0.0.1:4840", "a:hunter2@works:port"),
        ("opc.tcp://127.0.0.1:4840", "http://a:hunter2@works"),
    ]
    for old, new in cases:
        with pytest.raises(ConfigError) as caught:
            load(tmp_path, SITE.replace(old, new, 1))
        assert "hunter2" not in str(caught.value), old


def test_every_form_of_node_id_is_taken(tmp_path: Path) -> None:
    guid = "g=09087e75-8e5e-499b-954f-f2a9603db28a"
    nodes = ("i=4294967295", "s=a;i=4294967296", "s=x=y;z", "s=°C", "b=aGk=", guid)
    for node in (*nodes, "nsu=http://works.example/plc?a=1,2;s=x=y;z"):
        tags = TAGS.replace("nsu=urn:works;s=PT-102.pv", node)
        assert load(tmp_path, tags=tags).tags["PT-102.pv"].address == NodeAddress(node)


def test_a_file_that_cannot_be_read_is_one_problem(tmp_path: Path) -> None:
    load(tmp_path)
    (tmp_path / "tags.yaml").unlink()
    reason = "tags.yaml: cannot be read: no such file or directory"
    with pytest.raises(ConfigError, match=f"^{re.escape(str(tmp_path))}/{reason}$"):
        load_site(tmp_path)
    with pytest.raises(ConfigError, match=r"cannot be read: "):
        load(tmp_path, SITE.replace("tags.yaml", '"a\\0b"'))
    (tmp_path / "site.yaml").unlink()
    with pytest.raises(ConfigError, match=r"site.yaml: cannot be read: no such file"):
        load_site(tmp_path)


def test_a_site_just_begun_has_no_tags(tmp_path: Path) -> None:
    site = SITE.partition("equipment:")[0]
    for tags in ("", "# none\n", "schema: tags/1\n", "schema: tags/1\ntags:\n  # none yet\n"):
        assert load(tmp_path, site, tags).tags == {}
    (tmp_path / "tags.yaml").unlink()
    assert load_site(tmp_path).tags == {}


def test_every_tag_that_a_site_does_not_have_is_named(tmp_path: Path) -> None:
    cases: list[tuple[list[str], list[str]]] = [
        (["PT-102"], ["there is no tag 'PT-102'; did you mean 'PT-102.pv'?"]),
        (["VT-101B.pv"], ["there is no tag 'VT-101B.pv'; did you mean 'VT-101A.pv'?"]),
        (["x", "PT-102.pv", "y"], ["there is no tag 'x'", "there is no tag 'y'"]),
    ]
    for names, reasons in cases:
        site = load(tmp_path)
        assert [tag.name for tag in site.find_tags(["P-101A.starts", "PT-102.pv"])] == [
            "P-101A.starts",
            "PT-102.pv",
        ]
        with pytest.raises(ConfigError) as caught:
            site.find_tags(names)
        assert [str(problem).removeprefix(": ") for problem in caught.value.problems] == reasons


class TestFindSite:
    @pytest.fixture(autouse=True)
    def _folders(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("given", "named", "above", "above/near"):
            load(tmp_path / name)
        (tmp_path / "above/near/deep/er").mkdir(parents=True)
        (tmp_path / "empty").mkdir()
        monkeypatch.delenv(SITE_VARIABLE, raising=False)
        monkeypatch.chdir(tmp_path / "above/near/deep/er")

    def test_the_option_comes_first_then_the_variable_then_the_nearest_above(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert find_site(None) == tmp_path / "above/near"
        monkeypatch.setenv(SITE_VARIABLE, "")
        assert find_site(None) == tmp_path / "above/near"
        monkeypatch.setenv(SITE_VARIABLE, str(tmp_path / "named"))
        assert find_site(None) == tmp_path / "named"
        assert find_site(tmp_path / "given") == tmp_path / "given"

    def test_a_folder_without_a_site_is_refused_however_it_is_named(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        missing = f"^{re.escape(str(tmp_path))}/empty/site.yaml: there is no such file$"
        with pytest.raises(ConfigError, match=missing):
            find_site(tmp_path / "empty")
        monkeypatch.setenv(SITE_VARIABLE, str(tmp_path / "empty"))
        with pytest.raises(ConfigError, match=missing):
            find_site(None)
        monkeypatch.delenv(SITE_VARIABLE)
        monkeypatch.chdir(tmp_path / "empty")
        with pytest.raises(ConfigError, match=r"no site.yaml here or above; .*handwheel init DIR"):
            find_site(None)


def test_a_secret_is_found_in_the_environment_or_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(tmp_path / "pw", b" turn the wheel\n")
    monkeypatch.setenv("READER_PASSWORD", "turn the wheel")
    for reference in ("env:READER_PASSWORD", "file:pw", f"file:{tmp_path}/pw"):
        assert resolve_secret(reference, tmp_path, "dcs") == "turn the wheel", reference


def test_a_secret_that_is_not_there_is_told_with_the_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("READER_PASSWORD", "")
    cases: list[tuple[str, bytes, int, str]] = [
        ("env:READER_PASSWORD", b"x", 0o600, "the environment variable READER_PASSWORD is not set"),
        ("file:other", b"x", 0o600, "the secret .*/other: no such file or directory"),
        ("file:.", b"x", 0o600, "the secret .*: is a directory"),
        ("file:pw", b" \n", 0o600, "the secret .*/pw is empty"),
        ("file:pw", b"x", 0o644, "the secret .*/pw is open to others: chmod 600 it"),
        ("file:pw", b"x", 0o620, "the secret .*/pw is open to others: chmod 600 it"),
        ("file:pw", b"\xff\xfe", 0o600, "the secret .*/pw.* UTF-8"),
    ]
    for reference, content, mode, reason in cases:
        _write(tmp_path / "pw", content, mode)
        with pytest.raises(NotConnected, match=f"^dcs: {reason}"):
            resolve_secret(reference, tmp_path, "dcs")


def _write(path: Path, content: bytes, mode: int = 0o600) -> None:
    path.write_bytes(content)
    path.chmod(mode)
