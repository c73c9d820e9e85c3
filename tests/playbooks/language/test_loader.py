"""Reading playbooks: each file for itself, its digest, and where its texts stand."""

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handwheel.connectors.config.yaml_documents import Document, Path_, Scalar, parse_document
from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.site import Site, load_site
from handwheel.hmi.site.files.site_template import PlantEndpoints
from handwheel.playbooks.language.errors import PlaybookError
from handwheel.playbooks.language.loader import load_library, load_playbook, parse_playbook
from handwheel.playbooks.language.schema import PlaybookFile
from handwheel.playbooks.language.source import ValuePlace, value_place

from ...plants.served import site_of
from ..sample_playbook import GOOD, changed, findings_of, loaded, written


def test_a_playbook_knows_its_bytes(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    playbook = load_playbook(path)
    assert playbook.digest == sha256(path.read_bytes()).hexdigest()
    assert (playbook.id, playbook.display_name) == ("test/start-standby", str(path))
    assert playbook.place(("steps", 1)) == f"{path}:33"
    assert loaded(tmp_path, f"{GOOD}# x\n").digest != playbook.digest


def test_a_text_is_read_as_its_file(tmp_path: Path) -> None:
    of_file, of_text = load_playbook(written(tmp_path, GOOD)), parse_playbook(GOOD)
    assert (of_text.file, of_text.digest) == (of_file.file, of_file.digest)
    for text, name in ((changed(("{then: hold}", "{than: hold}")), "<text>"), ("\ud800", "plan")):
        with pytest.raises(PlaybookError) as caught:
            parse_playbook(text, name)
        path = tmp_path / "p.yaml"
        path.write_bytes(text.encode(errors="surrogatepass"))
        with pytest.raises(PlaybookError) as same:
            load_playbook(path, name)
        assert caught.value.findings == same.value.findings


def test_a_file_that_is_gone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlaybookError, match=r"^p\.yaml: cannot be read: no such file"):
        load_playbook(tmp_path / "no.yaml", "p.yaml")


def test_every_problem_of_a_file_is_told_at_once(tmp_path: Path, site: Site) -> None:
    text = changed(("owner: tests", "ownr: tests"), ("{then: hold}", "{than: hold}"))
    assert [each.code for each in findings_of(tmp_path, text, site)] == [
        "missing-key", "unknown-key", "missing-key", "unknown-key",
    ]  # fmt: skip


def test_an_error_names_file_place_playbook_and_step(tmp_path: Path) -> None:
    text = changed(("{then: hold}", "{then: sleep}"))
    with pytest.raises(PlaybookError) as caught:
        loaded(tmp_path, text)
    said = "p.yaml:35:15: test/start-standby, step settle: steps.1.on_fail.then: "
    assert str(caught.value).startswith(said)
    assert isinstance(caught.value, ConfigError)


def test_what_is_no_playbook_at_all_is_told_without_a_crash(tmp_path: Path, site: Site) -> None:
    for text in ["", "- 1\n", "7\n", "steps: 3\n", "steps: [3, {}]\n", "id: {}\n"]:
        assert findings_of(tmp_path, text, site), text


def _read(text: str) -> tuple[Any, dict[Path_, ValuePlace]]:
    found: dict[Path_, ValuePlace] = {}

    def on_scalar(path: Path_, scalar: Scalar) -> None:
        found[path] = value_place(scalar)

    return parse_document(text, Document("f"), on_scalar).data, found


class TestPlaces:
    def test_the_columns_of_a_plain_text_are_those_of_the_file(self) -> None:
        for text, inner in [
            ('a: "bad.tag"\n', 5),
            ('a: "bad\\ttag"\n', 0),
            ("a: bad\n  tag\n", 0),
            ("a: |\n  bad.tag\n", 0),
        ]:
            place = _read(text)[1]["a",]
            assert (place.line, place.column, place.inner) == (1, 4, inner), text

    def test_elsewhere_an_error_names_the_texts_column(self, tmp_path: Path, site: Site) -> None:
        wait = "\n      within: 2 min\n      until: >-\n        PT-102.pv\n        > 300 degC"
        text = changed((' {until: "PT-102.pv > 300 kPa", within: 2 min}', wait))
        (found,) = findings_of(tmp_path, text, site)
        assert (found.line, found.column) == (36, 14)
        assert found.text.endswith("(at column 13 of the text)")

    @given(st.text(st.characters(exclude_categories=["Cs", "Cc"], max_codepoint=0xFFFF)))
    def test_every_text_is_found_where_it_stands(self, said: str) -> None:
        quoted = "'" + said.replace("'", "''") + "'"
        text = f"a: [1, {{b: {quoted}}}]\n"
        try:
            data, places = _read(text)
        except ConfigError:
            return  # some characters cannot stand in YAML as they are
        place = places["a", 1, "b"]
        assert (place.line, place.column) == (1, 12)
        if place.inner:
            inner = text[place.inner - 1 :]
            assert inner.startswith(data["a"][1]["b"])


_KEYS = st.sampled_from([*PlaybookFile.model_fields, "schema", "that", "id", "for", "any"])
_LEAVES = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["x", "5 s", "none"])
_DATA = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4)
)


@settings(max_examples=50)
@given(st.dictionaries(_KEYS, _DATA, max_size=6))
def test_whatever_stands_in_a_file_is_told_and_never_crashes(
    tmp_path_factory: pytest.TempPathFactory, data: object
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(PlaybookError) as caught:
        load_playbook(path, "any.yaml")
    assert all(each.code and each.file == "any.yaml" for each in caught.value.findings)


class TestLibrary:
    def test_one_bad_file_or_folder_spoils_no_other(self, tmp_path: Path) -> None:
        site_of(tmp_path, PlantEndpoints(1, 2, gate=3))
        folder = tmp_path / "playbooks"
        (folder / "tests").mkdir(parents=True)
        written(folder / "tests", "schema: playbook-test/1\n")
        assert load_library(load_site(tmp_path))[1] == []
        written(folder, GOOD)
        written(folder, changed(("id: test/start-standby", "id: cw/strainer-blocked")), "q.yaml")
        written(folder, "schema: playbook/1\nid: test/bad\n", "bad.yaml")
        written(folder, "a: [", "worse.yaml")
        playbooks, broken = load_library(load_site(tmp_path))
        found = {each.id for each in playbooks}
        assert found > {"cw/pump-bearing-changeover", "test/start-standby"}
        assert "cw/strainer-blocked" not in found  # of two with one id none is used
        assert {Path(each.file).name for each in broken} >= {"bad.yaml", "worse.yaml"}
        (twice,) = [each for each in broken if each.code == "duplicate-id"]
        assert twice.file == "package:cw/strainer-blocked.yaml"
        assert str(folder / "q.yaml") in twice.text

    def test_a_missing_folder_has_none_and_what_is_no_library_is_told(self, site: Site) -> None:
        assert not (site.root / "playbooks").exists()
        assert load_library(replace(site, playbooks=("playbooks/",))) == ([], [])
        _, (found,) = load_library(replace(site, playbooks=("tags.yaml",)))
        assert found.text == "'tags.yaml' is no folder"
        _, (found,) = load_library(replace(site, playbooks=("playbooks/", "package:wc")))
        assert found.text == "there is no library 'package:wc'; known: package:cw, package:tep"
        line = (site.root / "site.yaml").read_text(encoding="utf-8").splitlines()[found.line - 1]
        assert line[found.column - 1 :].startswith('"package:cw"')
