"""What the documentation says is typed, looked up and compared, so that it stays true."""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest
from pydantic import BaseModel

from handwheel.connectors import site, tags
from handwheel.sim_plant.cw100 import loops
from handwheel.sim_plant.cw100.alarms import ALARMS
from handwheel.sim_plant.cw100.faults import FAULTS, FIELD_ACTIONS
from handwheel.sim_plant.cw100.tags import TAGS
from handwheel.sim_plant.model import Node, Number, PlantTag
from handwheel.sim_plant.simulation import CLOCK_TAGS

from .doc_shell import DocShell, blocks, exchanges, without_blocks

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [*ROOT.glob("*.md"), *sorted(DOCS.rglob("*.md"))]
README = ROOT / "README.md"
SERVE = DOCS / "how-to/serve-a-plant.md"
OWN_DEVICE = DOCS / "how-to/read-your-own-device.md"

# Every command that a test cannot run, by its page, and why.
NOT_RUN: Mapping[Path, Mapping[str, str]] = {
    README: {
        "git clone YOUR-CLONE-URL handwheel && cd handwheel": "needs the repository's host",
        "make demo": "takes a minute; the demo has its own test",
        "make test": "is what runs this",
        ". .venv/bin/activate": "the environment of the tests is active",
    },
    SERVE: {
        f"mbpoll -q -m tcp -a 1 -0 -t 0 -r 20 -p {port} 127.0.0.1 1": "a client of others"
        for port in (5020, 5021)
    },
    OWN_DEVICE: {
        "export PLC_VIEWER=the-password": "for the device that is not there",
        "handwheel check --online": "the device is not there",
        'handwheel tags read; echo "exit code $?"': "the device is not there",
        "handwheel tags watch 'E-1.*'": "the device is not there",
    },
}

_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_OPTION = re.compile(r"(?<!\S)--[a-z][a-z-]*")
Row = tuple[str, ...]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _typed(text: str) -> Iterator[str]:
    for block in blocks(text):
        if block.language == "console":
            yield from (command for command, _ in exchanges(block.lines, "$ ") if command)


@pytest.mark.timeout(60)  # many processes one after the other
@pytest.mark.parametrize("page", [page for page in PAGES if any(_typed(_text(page)))], ids=_name)
def test_a_page_does_what_it_says(page: Path, tmp_path: Path) -> None:
    passed_over = NOT_RUN.get(page, {})
    commands = list(_typed(_text(page)))
    assert passed_over.keys() <= set(commands)
    shell = DocShell(tmp_path, list(passed_over))
    shell.follow(_text(page))
    assert shell.count == len(commands) - sum(command in passed_over for command in commands)


def test_the_make_targets_exist() -> None:
    named = {
        match[1]
        for page in PAGES
        for said in (*_SPAN.findall(_text(page)), *_typed(_text(page)))
        if (match := re.match(r"make ([a-z][a-z-]*)", said))
    }
    targets = set(re.findall(r"^([a-z][a-z-]*):", _text(ROOT / "Makefile"), re.MULTILINE))
    assert named >= {"demo", "test", "check"}
    assert named <= targets


def _slugs(text: str) -> set[str]:
    heads: list[str] = re.findall(r"^#+ (.+)$", without_blocks(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in _LINK.findall(without_blocks(_text(page))):
        path, _, anchor = unquote(link).partition("#")
        if "://" in link:
            continue
        target = (page.parent / path).resolve() if path else page
        assert target.is_relative_to(ROOT), link
        assert target.exists(), link
        assert not anchor or anchor in _slugs(_text(target)), link


def test_the_index_names_every_page() -> None:
    linked = {
        (DOCS / link.partition("#")[0]).resolve()
        for link in _LINK.findall(_text(DOCS / "index.md"))
    }
    assert {page for page in PAGES if page.is_relative_to(DOCS)} - {DOCS / "index.md"} <= linked


def test_decision_records_are_numbered_and_shaped_alike() -> None:
    records = sorted((DOCS / "decisions").iterdir())
    for number, record in enumerate(records, start=1):
        lines = _text(record).splitlines()
        assert record.name.startswith(f"{number:04d}-")
        assert lines[0].startswith(f"# {number:04d} ")
        heads = [line for line in lines if line.startswith("## ")]
        assert heads == ["## Context", "## Decision", "## Consequences"]
        assert len(lines) <= 60


_ASK = """
import sys
from contextlib import suppress
from handwheel.hmi.__main__ import main
for words in sys.argv[1:]:
    print(f"\\f{words}")
    with suppress(SystemExit):
        main([*words.split(), "--help"])
"""


@cache
def _helps() -> Mapping[Row, str]:
    """The help of the root, of each command and each group, by asking from the root down."""
    found: dict[Row, str] = {}
    asked: list[Row] = [()]
    while asked:
        said = subprocess.run(
            [sys.executable, "-c", _ASK, *(" ".join(words) for words in asked)],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        found |= dict(zip(asked, said.split("\f")[1:], strict=True))
        asked = [(*words, name) for words in asked for name in _listed(found[words])]
    return found


def _listed(text: str) -> list[str]:
    return re.findall(r"^  ([a-z]+) ", text.partition("Commands:\n")[2], re.MULTILINE)


def _options(words: Row) -> set[str]:
    return set(re.findall(r"^  (?:-\w, )?(--[a-z-]+)", _helps()[words], re.MULTILINE))


def _said(text: str) -> Iterator[Row]:
    """Every mention of a command: in a console, in a code span, with `handwheel` or without."""
    tops = {words[0] for words in _helps() if words}
    for said in (*_typed(text), *_SPAN.findall(without_blocks(text))):
        for part in re.split(r"[;|&]", said):
            words = part.split()
            if words[:1] == ["handwheel"]:
                yield tuple(words[1:])
            elif len(words) > 1 and words[0] in tops:
                yield tuple(words)


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_command_and_option_exists(page: Path) -> None:
    commands = set(_helps())
    for words in _said(_text(page)):
        depth = next(n for n in range(len(words), -1, -1) if words[:n] in commands)
        command = words[:depth]
        is_group = any(other[:depth] == command != other for other in commands)
        assert not is_group or all(word.startswith("-") for word in words[depth:]), words
        assert {word for word in words if _OPTION.match(word)} <= _options(command), words
    known = {option for command in commands for option in _options(command)}
    bare = [said for said in _SPAN.findall(without_blocks(_text(page))) if said.startswith("--")]
    assert {said.split()[0] for said in bare} <= known


def _sections(page: Path) -> dict[str, list[Row]]:
    """The tables of a page by the heading above them, without their head and rule."""
    sections: dict[str, list[Row]] = {}
    head, is_body = "", False
    for line in without_blocks(_text(page)).splitlines():
        if line.startswith("#"):
            head = line.lstrip("# ")
        if line.startswith("|") and is_body:
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            sections.setdefault(head, []).append(tuple(cells))
        is_body = line.startswith("|--") or (is_body and line.startswith("|"))
    return sections


def test_the_reference_lists_exactly_the_commands_and_their_options() -> None:
    page = DOCS / "reference/command-line.md"
    heads: list[str] = re.findall(r"^## handwheel (.+)$", _text(page), re.MULTILINE)
    tree = list(_helps())
    groups = {words[:-1] for words in tree if words}
    assert [tuple(head.split()) for head in heads] == [
        words for words in tree if words not in groups
    ]
    sections = _sections(page)
    for head in heads:
        listed = {row[0].strip("`").split()[0] for row in sections.get(f"handwheel {head}", [])}
        options = {word for word in listed if word.startswith("--")}
        assert options == _options(tuple(head.split())) - {"--help"}, head
    assert {
        word
        for row in sections["General options"]
        for word in _OPTION.findall(row[0].replace("`", " "))
    } == _options(())


def _span(span: tuple[float, float] | None) -> str:
    return f"{span[0]:g}..{span[1]:g}" if span else ""


def _tag_row(tag: PlantTag) -> Row:
    if isinstance(tag.address, Node):
        place: Row = ()
    else:
        place = (f"{tag.address.table} {tag.address.address} {tag.address.encoding}",)
    members = ", ".join(f"{word} {number}" for word, number in tag.members.items())
    kind = f"{tag.kind} ({members})" if members else tag.kind
    return (f"`{tag.name}`", *place, kind, tag.unit, _span(tag.span), _span(tag.write))


def test_the_reference_lists_exactly_the_plants_tags() -> None:
    sections = _sections(DOCS / "reference/cw-100.md")
    expected: dict[str, list[Row]] = {}
    for tag in (*TAGS, *CLOCK_TAGS):
        package = tag.equipment or "PKG-101"
        place = tag.address.folder if isinstance(tag.address, Node) else package
        expected.setdefault(place, []).append(_tag_row(tag))
    is_tag = re.compile(r"`[A-Z][A-Z0-9-]*\.[a-z_]+`")
    listed = {
        head: [row[:-1] for row in rows if is_tag.fullmatch(row[0])]
        for head, rows in sections.items()
    }
    assert {head: rows for head, rows in listed.items() if rows} == expected


def test_the_reference_lists_exactly_the_plants_alarms_loops_faults_and_field_actions() -> None:
    sections = _sections(DOCS / "reference/cw-100.md")
    assert [row[:5] for row in sections["Alarms"] if len(row) > 6] [-len(ALARMS):] == [
        (
            f"`{a.tag}`", f"{a.measures} {'>' if a.is_high else '<'} {a.limit:g}",
            f"{a.deadband:g}", f"{a.delay_s:g} s", f"{a.priority} {a.priority.name.lower()}",
        )
        for a in ALARMS
    ]  # fmt: skip
    assert [(*row[:2], *row[3:7]) for row in sections["Loops"]] == [
        (
            f"`{name}`", loops.MEASURES[name], "direct" if pi.direct else "reverse",
            f"{pi.gain:g}", f"{pi.integral_time_s:g} s", f"{pi.low * 100:g} to {pi.high * 100:g} %",
        )
        for name, pi in loops.TUNING.items()
    ]  # fmt: skip
    for row, fault in zip(sections["Faults"], FAULTS.values(), strict=True):
        assert row[0] == f"`{fault.id}`"
        assert dict(re.findall(r"`(\w+)` \((\S+?)[ )]", row[2])) == {
            name: f"{each.default:g}" if isinstance(each, Number) else each.default
            for name, each in fault.parameters.items()
        }
    named = {word for row in sections["Field actions"] for word in _SPAN.findall(row[0])}
    assert named == FIELD_ACTIONS.keys()


def _keys(*models: type[BaseModel]) -> set[str]:
    return {field.alias or name for model in models for name, field in model.model_fields.items()}


def test_the_reference_lists_exactly_the_keys_of_a_sites_files() -> None:
    rows = _sections(DOCS / "reference/site-files.md")
    listed = {head: {row[0].strip("`") for row in table} for head, table in rows.items()}
    every = listed["Keys of every tag"]
    assert listed["site.yaml"] == _keys(site.SiteFile)
    assert listed["A connection of kind opcua"] == _keys(site.OpcuaConnection, site.Credentials)
    assert listed["A connection of kind modbus"] == _keys(site.ModbusConnection)
    assert listed["A piece of equipment"] == _keys(site.Equipment)
    assert listed["tags.yaml"] == _keys(tags.TagFile)
    assert every | listed["A tag on OPC UA"] == _keys(tags.NodeTag)
    assert every | listed["A tag on Modbus"] == _keys(tags.RegisterTag)
