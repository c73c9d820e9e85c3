"""What the documentation says is typed, looked up and compared, so that it stays true."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from runpy import run_path
from urllib.parse import unquote

import pytest

from handwheel import errors
from handwheel.agents.diagnosis.diagnoser import shipped
from handwheel.evaluation.plants.installed_plants import create_plant, plant_names
from handwheel.playbooks.lint.explanations import explanations

from ..command_line import handwheel
from .pages.doc_shell import DocShell, blocks, exchanges, without_blocks
from .pages.doc_tables import DOCS, ROOT, SPAN, Row, text_of
from .pages.example_pages import EXAMPLE_PAGES

DECISIONS = DOCS / "decisions"
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("examples/*.md"), *sorted(DOCS.rglob("*.md"))]
README = ROOT / "README.md"
BY_HAND = DOCS / "tutorial/first-site.md"
SERVE = DOCS / "how-to/serve-a-plant.md"
OWN_DEVICE = DOCS / "how-to/read-your-own-device.md"
BASELINE = DOCS / "how-to/learn-a-baseline.md"
SHIFT = DOCS / "how-to/work-a-shift.md"
JOURNAL = DOCS / "how-to/keep-the-journal.md"
USERS = DOCS / "how-to/separate-os-users.md"
UP = DOCS / "how-to/use-one-terminal.md"
PYTEST = DOCS / "how-to/test-with-pytest.md"
SPEED = DOCS / "explanation/speed.md"
MCP = DOCS / "how-to/use-mcp.md"

# Every command that a test cannot run, by its page, and why.
NOT_RUN: Mapping[Path, Mapping[str, str]] = {
    README: {
        "git clone YOUR-CLONE-URL handwheel && cd handwheel": "needs the repository's host",
        "make demo": "takes a minute; the demo has its own test",
    },
    SERVE: {
        f"mbpoll -q -m tcp -a 1 -0 -t 0 -r 20 -p {port} 127.0.0.1 1": "a client of others"
        for port in (5020, 5021)
    },
    OWN_DEVICE: dict.fromkeys(  # test_own_device.py does the same with a server
        (
            "handwheel init boiler --connect opc.tcp://192.0.2.10:4840",
            "handwheel tags read --site boiler",
            "handwheel connections trust opcua --site boiler",
            "handwheel tags import opcua --site boiler",
            "handwheel tags browse opcua --site boiler",
            "handwheel tags browse opcua 'nsu=urn:example:plc;s=Boiler' --depth 2 --site boiler",
            "handwheel tags import opcua --below 'nsu=urn:example:plc;s=Boiler' --site boiler",
        ),
        "the device is not there",
    ),
    PYTEST: {"pytest": "test_plugin.py runs the page's files"},
    UP: {"handwheel up": "needs a terminal; test_up.py types the same there"},
    JOURNAL: {"handwheel ledger migrate": "test_migrate_page.py has a ledger of version 7"},
    SHIFT: {  # test_desk.py types them
        "handwheel desk --as anna": "asks for a passphrase",
        "handwheel handover --to ben --as anna": "asks two people",
    },
    USERS: dict.fromkeys(  # test_separate_users.py does the same with numbers for users
        (
            "groupadd --system handwheel",
            "useradd --system --no-create-home --gid handwheel hw-gate",
            "useradd --system --create-home --gid handwheel hw-agents",
            "useradd --create-home --gid handwheel hw-desk",
            "useradd --create-home --gid handwheel hw-admin",
            "cd /etc/handwheel/site",
            "chown -R hw-admin:handwheel . && chmod -R u=rwX,g=rX,o= .",
            "chown -R hw-gate:handwheel secrets && chmod -R u=rwX,go= secrets",
            "install -d -o hw-gate -g handwheel -m 3770 var",
            "echo 'fs.protected_regular = 1' > /etc/sysctl.d/90-handwheel.conf && sysctl --system",
        ),
        "only root can, and users would stay behind",
    ),
    SPEED: {
        'make bench ARGS="opcua modbus changes many actuation gate"': "takes minutes; has a test"
    },
    MCP: {"handwheel mcp --http 8931": "serves until a signal; test_mcp.py does so"},
    BASELINE: dict.fromkeys(  # test_baseline_command.py does the same with an hour of history
        (
            "handwheel baseline learn --for 2d",
            "handwheel baseline sign --as eva",
            "handwheel baseline show",
        ),
        "needs days of history",
    ),
}

PUBLIC_MODULES = (
    "handwheel.langchain", "handwheel.gym", "handwheel.bench", "handwheel.testing",
    "handwheel.agents.testing", "handwheel.connectors.testing",
)  # fmt: skip
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_OPTION = re.compile(r"(?<!\S)--[a-z][a-z-]*")


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _typed(text: str) -> Iterator[str]:
    for block in blocks(text):
        if block.language == "console":
            yield from (command for command, _ in exchanges(block.lines, "$ ") if command)


# tests/examples follows the others, with the example package installed; test_by_hand.py the first.
FOLLOWED = [
    page
    for page in PAGES
    if page not in {BY_HAND, README, *EXAMPLE_PAGES} and any(_typed(text_of(page)))
]


def test_the_readme_is_short_and_has_two_commands() -> None:
    assert list(_typed(text_of(README))) == list(NOT_RUN[README])
    assert len(text_of(README).split()) <= 900


@pytest.mark.timeout(300)  # many processes one after the other
@pytest.mark.parametrize("page", FOLLOWED, ids=_name)
def test_a_page_does_what_it_says(page: Path, tmp_path: Path) -> None:
    passed_over = NOT_RUN.get(page, {})
    commands = list(_typed(text_of(page)))
    assert passed_over.keys() <= set(commands)
    shell = DocShell(tmp_path, list(passed_over))
    shell.follow(text_of(page))
    assert shell.count == len(commands) - sum(command in passed_over for command in commands)


def test_the_make_targets_exist() -> None:
    named = {
        match[1]
        for page in PAGES
        for said in (*SPAN.findall(text_of(page)), *_typed(text_of(page)))
        if (match := re.match(r"make ([a-z][a-z-]*)", said))
    }
    targets = set(re.findall(r"^([a-z][a-z-]*):", text_of(ROOT / "Makefile"), re.MULTILINE))
    assert named >= {"demo", "test", "check", "docs"}
    assert named <= targets


def _slugs(text: str) -> set[str]:
    heads: list[str] = re.findall(r"^#+ (.+)$", without_blocks(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def test_every_link_leads_somewhere() -> None:
    broken = [
        f"{_name(page)}: {link}"
        for page in PAGES
        for link in _LINK.findall(without_blocks(text_of(page)))
        if "://" not in link and not _leads_somewhere(page, link)
    ]
    assert broken == []


def _leads_somewhere(page: Path, link: str) -> bool:
    path, _, anchor = unquote(link).partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.is_relative_to(ROOT) or not target.exists():
        return False
    return not anchor or anchor in _slugs(text_of(target))


_PATH = re.compile(
    r"`((?:agents|connectors|evaluation|examples|hmi|playbooks|sim_plant|tests|tools|benchmarks)/"
    r"[\w./*-]*)`"
)


def test_every_path_that_a_page_names_exists() -> None:
    missing = [
        f"{_name(page)}: {path}"
        for page in PAGES
        for path in _PATH.findall(text_of(page))
        if not any(ROOT.glob(path))
    ]
    assert missing == []


def test_the_index_names_every_page() -> None:
    linked = {
        (index.parent / link.partition("#")[0]).resolve()
        for index in (DOCS / "index.md", DECISIONS / "README.md")
        for link in _LINK.findall(text_of(index))
    }
    assert {page for page in PAGES if page.is_relative_to(DOCS)} - {DOCS / "index.md"} <= linked


def test_decision_records_are_few_short_and_shaped_alike() -> None:
    records = sorted(DECISIONS.glob("0*.md"))
    assert len(records) <= 25
    for number, record in enumerate(records, start=1):
        text = text_of(record)
        assert record.name.startswith(f"{number:04d}-")
        assert text.startswith(f"# {number:04d} ")
        heads = [line for line in text.splitlines() if line.startswith("## ")]
        assert heads == ["## Context", "## Decision", "## Consequences"]
        assert len(text.split()) <= 200, record.name


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages that `make docs` writes."""
    folder = tmp_path_factory.mktemp("built")
    run_path(str(DOCS / "build.py"))["write"](folder)
    return folder


@cache
def _helps() -> Mapping[Row, str]:
    """The help of the root, of each command and each group, by asking from the root down."""
    found: dict[Row, str] = {}
    asked: list[Row] = [()]
    while asked:
        found |= {words: handwheel(*words, "--help").stdout for words in asked}
        asked = [(*words, name) for words in asked for name in _listed(found[words])]
    return found


def _listed(text: str) -> list[str]:
    return re.findall(r"^  ([a-z]+) ", text.partition("Commands:\n")[2], re.MULTILINE)


def _options(words: Row) -> set[str]:
    lines = re.findall(
        r"^  (?:-\w, )?(--[a-z-]+)(?: / (--[a-z-]+))?", _helps()[words], re.MULTILINE
    )
    return {option for line in lines for option in line if option}


def _said(text: str) -> Iterator[Row]:
    """Every mention of a command: in a console, in a code span, with `handwheel` or without."""
    tops = {words[0] for words in _helps() if words}
    for said in (*_typed(text), *SPAN.findall(without_blocks(text))):
        for part in re.split(r"[;|&]", said):
            words = part.split()
            if words[:1] == ["handwheel"]:
                yield tuple(words[1:])
            elif len(words) > 1 and words[0] in tops:
                yield tuple(words)


def test_every_command_and_option_exists() -> None:
    commands = set(_helps())
    known = {option for command in commands for option in _options(command)}
    wrong = list[tuple[str, object]]()
    for page in PAGES:
        wrong += [(_name(page), words) for words in _said(text_of(page)) if not _exists(words)]
        spans = SPAN.findall(without_blocks(text_of(page)))
        bare = {said.split()[0] for said in spans if said.startswith("--")}
        wrong += [(_name(page), option) for option in bare - known]
    assert wrong == []


def _exists(words: Row) -> bool:
    """Whether a command line names a command that there is, with options of its own."""
    commands = _helps().keys()
    depth = next(n for n in range(len(words), -1, -1) if words[:n] in commands)
    command = words[:depth]
    is_group = any(other[:depth] == command != other for other in commands)
    if is_group and not all(word.startswith("-") for word in words[depth:]):
        return False
    return {word for word in words if _OPTION.match(word)} <= _options(command)


def test_the_built_reference_has_each_command_with_its_options(built: Path) -> None:
    text = text_of(built / "command-line.md")
    parts = re.split(r"^## handwheel *(.*)$", text, flags=re.MULTILINE)[1:]
    shown = dict(zip((tuple(each.split()) for each in parts[::2]), parts[1::2], strict=True))
    assert shown.keys() == _helps().keys()
    missing = {
        words: _options(words) - set(_OPTION.findall(text.replace(" / ", " ")))
        for words, text in shown.items()
    }
    assert not any(missing.values()), missing


def test_the_built_reference_has_each_public_name(built: Path) -> None:
    text = text_of(built / "python.md")
    for module in ("handwheel", *PUBLIC_MODULES):
        part = text.partition(f"\n## {module}\n")[2].partition("\n## ")[0]
        heads = re.findall(r"^### `(\w+)`$", part, re.MULTILINE)
        public = import_module(module)
        assert set(heads) == {each for each in public.__all__ if callable(getattr(public, each))}
    listed = text.partition("\n## `handwheel.errors`\n")[2]
    assert all(each in listed for each in vars(errors) if each.endswith("Error"))


def test_the_built_reference_has_each_plants_tags_alarms_and_faults(built: Path) -> None:
    for name in plant_names():
        plant = create_plant(name)
        section = text_of(built / "plants.md").partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        rows = re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)
        alarms = [each.tag for each in plant.alarms]
        assert rows == [*(tag.name for tag in plant.tags), *alarms, *plant.faults]


def test_the_built_reference_has_each_method_and_each_rule(built: Path) -> None:
    for page, names in (("methods", sorted(shipped())), ("rules", explanations())):
        rows = re.findall(r"^\| `([^`]+)` \|", text_of(built / f"{page}.md"), re.MULTILINE)
        assert rows == list(names)
    for each in shipped().values():
        assert (each.measure.__doc__ or "").startswith("Returns "), each.name
