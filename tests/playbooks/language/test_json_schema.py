"""The JSON Schema against the shipped playbooks, and against mistakes in one."""

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from handwheel.connectors.model.site import Site
from handwheel.playbooks.language.json_schema import playbook_schema, site_schema
from handwheel.playbooks.language.libraries import library_folder
from handwheel.tools.guardrails.policy.policy import load_policy

from ..sample_playbook import GOOD

MISTAKES = {  # old and new text, and whether it is wrong at every site
    ("    verify:", "    verfy:"): True,
    ("within: 30 s", "within: 30"): True,
    ("then: hold", "then: stop"): True,
    ("id: settle", "id: Settle"): True,
    ("    wait: {", "    workorder: {"): True,
    ("role: operator", "role: operater"): False,
    ("FIC-201.sp", "FIC-202.sp"): False,
    ("alarm: VAH-101A", "alarm: VAH-101C"): False,
    ("default: P-101B", "default: P-101D"): False,
}


@pytest.fixture(scope="module")
def schemas(site: Site) -> list[Draft202012Validator]:
    """The schema of the language, and that of a site."""
    found = [playbook_schema(), site_schema(site, load_policy(site).role_names)]
    for each in found:
        Draft202012Validator.check_schema(each)
    return [Draft202012Validator(each) for each in found]


def _errors(schema: Draft202012Validator, text: str) -> list[str]:
    return [each.message for each in schema.iter_errors(YAML(typ="safe").load(text))]


def test_every_key_of_the_schema_has_a_description() -> None:
    schema = playbook_schema()
    tables = [schema, *schema["$defs"].values()]
    keys = [key for table in tables for key in table["properties"].items()]
    assert [name for name, key in keys if not key.get("description")] == []


def test_the_shipped_playbooks_fit_both_schemas(schemas: list[Draft202012Validator]) -> None:
    cooling = sorted(library_folder().glob("cw/*.yaml"))
    assert cooling
    for path in (*library_folder().glob("*/*.yaml"), *cooling):
        assert _errors(schemas[path in cooling], _text(path)) == []
    assert [_errors(each, GOOD) for each in schemas] == [[], []]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("old", "new"), MISTAKES)
def test_a_mistake_does_not_fit(old: str, new: str, schemas: list[Draft202012Validator]) -> None:
    assert old in GOOD
    every, of_site = (_errors(each, GOOD.replace(old, new, 1)) for each in schemas)
    assert (bool(every), bool(of_site)) == (MISTAKES[old, new], True)
