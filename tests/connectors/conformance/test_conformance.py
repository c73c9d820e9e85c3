"""Our connectors keep what the kit asks, and say so in `quality.toml`."""

import ast
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from handwheel.connectors.testing import RULES, Conformance, Rig, load_quality, proofs_of

from .rig_fake import fake_rig
from .rig_modbus import modbus_rig
from .rig_opcua import PASSWORD, SECRET, OpcuaDevice

ROOT = Path(__file__).parents[3]


class TestFake(Conformance):
    quality = ROOT / "connectors/testing/quality.toml"

    @asynccontextmanager
    async def rig(self) -> AsyncGenerator[Rig]:
        yield fake_rig()


class TestModbus(Conformance):
    quality = ROOT / "connectors/modbus/quality.toml"

    @asynccontextmanager
    async def rig(self) -> AsyncGenerator[Rig]:
        async with modbus_rig() as rig:
            yield rig


@pytest.fixture(scope="module")
async def opcua_device() -> AsyncGenerator[OpcuaDevice]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(SECRET, PASSWORD)
        async with OpcuaDevice().running() as device:
            yield device


class TestOpcua(Conformance):
    quality = ROOT / "connectors/opcua/quality.toml"

    @pytest.fixture(autouse=True)
    def _served(self, opcua_device: OpcuaDevice) -> None:
        self._device = opcua_device

    @asynccontextmanager
    async def rig(self) -> AsyncGenerator[Rig]:
        async with self._device.rig(ROOT) as rig:
            yield rig


FILES: Mapping[Path, type[Conformance]] = {
    path.relative_to(ROOT): suite
    for suite in (TestFake, TestModbus, TestOpcua)
    if (path := suite.quality) is not None
}


def test_every_connector_has_a_quality_file() -> None:
    found = {path.relative_to(ROOT) for path in ROOT.glob("connectors/*/quality.toml")}
    packages = {path.parent.relative_to(ROOT) for path in ROOT.glob("connectors/*/connector.py")}
    assert found == FILES.keys()
    assert {path.parent for path in found} == packages | {Path("connectors/testing")}


def test_every_rule_has_a_word_and_what_is_done_a_test_that_exists() -> None:
    for path, suite in FILES.items():
        quality = load_quality(ROOT / path)
        assert quality.rules.keys() == RULES.keys(), path
        assert (
            quality.suite == f"tests/connectors/conformance/test_conformance.py::{suite.__name__}"
        )
        done = [rule for rule, claim in quality.rules.items() if claim.status == "done"]
        proofs = {rule: proofs_of(quality, rule) for rule in done}
        assert [rule for rule, ids in proofs.items() if not ids] == [], path
        for proof in (proof for ids in proofs.values() for proof in ids):
            if proof.startswith(f"{quality.suite}::"):
                assert callable(getattr(suite, proof.rpartition("::")[2])), proof
            else:
                assert _exists(proof), proof


def _exists(proof: str) -> bool:
    file, *names = proof.split("::")
    body: list[ast.stmt] = ast.parse((ROOT / file).read_text(encoding="utf-8")).body
    for name in names:
        found = [each for each in body if getattr(each, "name", "") == name]
        if not found:
            return False
        body = getattr(found[0], "body", [])
    return bool(names)


def test_a_claim_without_its_reason_is_refused(tmp_path: Path) -> None:
    cases: list[tuple[str, str]] = [
        ('a = { status = "todo" }', "comment: says why"),
        ('a = { status = "done", comment = "nearly" }', "done needs none"),
        ('a = { status = "fine" }', "Input should be 'done', 'exempt' or 'todo'"),
        ('a = { status = "exempt", comment = "no", tests = ["x"] }', "tests: prove what is done"),
        ('one-value-per-tag = { status = "exempt", comment = "no" }', "value-per-tag is a base"),
        ('sessions-are-fresh = { status = "todo", comment = "no" }', "are-fresh is a base"),
    ]
    for line, reason in cases:
        path = tmp_path / "quality.toml"
        head = 'schema = "quality/1"\nsuite = "t.py::T"\ncapabilities = []\n[rules]\n'
        path.write_text(f"{head}{line}\n")
        with pytest.raises(ValueError, match=reason):
            load_quality(path)


def test_nothing_that_runs_imports_the_kit() -> None:
    rooms = ("agents", "connectors", "hmi", "playbooks", "sim_plant", "tools")
    named = re.compile(r"^ *(from|import) (\S*\.testing|pytest)\b", re.MULTILINE)
    kits = {ROOT / each / "testing" for each in ("agents", "connectors", "hmi")}
    importers = [
        path.relative_to(ROOT)
        for room in rooms
        for path in (ROOT / room).rglob("*.py")
        if kits.isdisjoint(path.parents) and named.search(path.read_text(encoding="utf-8"))
    ]
    assert importers == []
