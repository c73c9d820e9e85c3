"""Writes the reference that follows from the code itself.

`python docs/build.py [FOLDER]` writes the pages of commands, Python names, plants, methods of
diagnosis and rules of lint into the folder, else into `build/docs`.
"""

import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from typer.main import get_command

from handwheel import Site, errors
from handwheel.agents.diagnosis.diagnoser import Diagnoser, shipped
from handwheel.connectors.config.validation import Model
from handwheel.evaluation.plants.installed_plants import create_plant, plant_names
from handwheel.hmi.shell.cli.command_line import TITLES, build
from handwheel.playbooks.lint.explanations import explanations
from handwheel.sim_plant.alarm import AlarmDefinition
from handwheel.sim_plant.model import FaultKind, Node, Number, PlantTag

MODULES = (
    "handwheel", "handwheel.langchain", "handwheel.gym", "handwheel.bench", "handwheel.testing",
    "handwheel.agents.testing", "handwheel.connectors.testing",
)  # fmt: skip
HEAD = """\
# Python

`import handwheel` gives a program the first names below, and its sub-packages the others.

Each name is loaded when it is first used. No name approves, signs or writes: people decide in the
terminal.
"""
_BUILT = Path(__file__).parents[1] / "build/docs"
_WIDTH = 100
_COST = re.compile(r"Effect: .*?(?=\sRaises\s|\n\n|\Z)", re.DOTALL)
_RAISES = re.compile(r"^Raises:\n((?:    .*\n?|\n)+)", re.MULTILINE)
_ATTRIBUTES = re.compile(r"^Attributes:\n((?:    .*\n?|\n)+)", re.MULTILINE)
_MAKERS = {"of", "of_fields"}  # for the modules behind the names
_RAISED = re.compile(r"(?:Raises|raises) `?(\w+)`?")


def write(folder: Path) -> None:
    """Writes the pages into a folder, which is made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = {
        "command-line": command_page, "python": python_page, "plants": plants_page,
        "methods": methods_page, "rules": rules_page,
    }  # fmt: skip
    for name, page in pages.items():
        (folder / f"{name}.md").write_text(page(), encoding="utf-8")


def command_page() -> str:
    """Returns the page of all commands, each with its help."""
    root = get_command(build(set(TITLES)))
    shown = [f"## {path}\n\n```text\n{text}\n```\n" for path, text in _helps(root, ())]
    return "\n".join(["# Command line\n", *shown])


def _helps(command: Any, parents: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """Yields the path and help of a command, then of those below it."""
    context = command.context_class(
        command, info_name=command.name, parent=parents[-1] if parents else None,
        terminal_width=_WIDTH, **(command.context_settings or {}),
    )  # fmt: skip
    yield context.command_path, command.get_help(context)
    for each in getattr(command, "commands", {}).values():
        if not each.hidden:
            yield from _helps(each, [*parents, context])


def python_page() -> str:
    """Returns the page of the public names, from their signatures and docstrings."""
    parts = [HEAD]
    for module in MODULES:
        named = import_module(module)
        parts += [f"## {module}\n", f"{_summary(named)}\n"]
        shown = {name: one for name in named.__all__ if callable(one := getattr(named, name))}
        parts += ["\n".join(_section(name, one)) for name, one in shown.items()]
    return "\n".join([*parts, *_errors()])


def _section(name: str, value: Any) -> Iterator[str]:
    yield f"### `{name}`\n"
    yield f"{_summary(value)}\n"
    if not inspect.isclass(value):
        yield f"```text\n{name}{_signature(value)}\n```\n"
        yield from _facts(value)
        return
    if made := _made(name, value):
        yield f"```text\n{made}\n```\n"
        yield from _facts(value)
    if fields := _fields(value):
        yield f"Fields: {', '.join(f'`{each}`' for each in fields)}.\n"
    yield from _attributes(value)
    rows = [_row(each, value) for each in _members(value)]
    if rows:
        yield "| name | meaning | errors | cost |"
        yield "|---|---|---|---|"
        yield from rows
        yield ""


def _made(name: str, value: type[Any]) -> str:
    """Returns how one of our classes is made, empty if others make it."""
    own: Callable[..., object] | None = vars(value).get("__init__")
    if own is None:
        return ""
    is_plain = hasattr(value, "__dataclass_fields__") or issubclass(value, Exception)
    return "" if is_plain or getattr(value, "_is_protocol", False) else f"{name}{_signature(own)}"


def _fields(value: type[Any]) -> list[str]:
    if issubclass(value, Model):
        return list(value.model_fields)
    found: Iterable[str] = getattr(value, "__dataclass_fields__", ()) or getattr(
        value, "_fields", ()
    )
    return [each for each in found if not each.startswith("_")]


def _attributes(value: type[Any]) -> Iterator[str]:
    """Yields the attributes that the docstring of a class describes."""
    if found := _ATTRIBUTES.search(inspect.getdoc(value) or ""):
        yield "| attribute | meaning |"
        yield "|---|---|"
        for each in re.split(r"\n(?=    \w)", found[1].rstrip()):
            name, _, text = each.partition(":")
            yield f"| `{name.strip()}` | {' '.join(text.split()).replace('|', '&#124;')} |"
        yield ""


def _members(value: type[Any]) -> list[str]:
    kinds = [kind for kind in value.__mro__ if kind.__module__.startswith("handwheel")]
    own = {name for kind in kinds for name in vars(kind)}
    shown = sorted(each for each in own if not each.startswith("_") and each not in _MAKERS)
    return [
        each
        for each in shown
        if inspect.getdoc(getattr(value, each, None)) and _is_ours(getattr(value, each))
    ]


def _is_ours(member: Any) -> bool:
    return isinstance(member, property) or inspect.isroutine(member)


def _row(name: str, owner: type[Any]) -> str:
    member = getattr(owner, name)
    given = "" if isinstance(member, property) else _signature(member)
    wait = "await " if inspect.iscoroutinefunction(member) else ""
    raised = ", ".join(f"`{each}`" for each in _raised(member)) or "-"
    cells = (f"`{wait}{name}{given}`", _summary(member), raised, _cost(member) or "-")
    return f"| {' | '.join(each.replace('|', '&#124;') for each in cells)} |"


def _facts(value: Callable[..., object]) -> Iterator[str]:
    if raised := _raised(value):
        yield f"Errors: {', '.join(f'`{each}`' for each in raised)}.\n"
    if cost := _cost(value):
        yield f"{cost}\n"


def _doc(value: Any) -> str:
    """Returns a docstring, or with it that of the call that it refers to."""
    text = inspect.getdoc(value) or ""
    return f"{text}\n\n{inspect.getdoc(Site.read_all)}" if "`read_all`" in text else text


def _summary(value: Any) -> str:
    return " ".join((inspect.getdoc(value) or "").partition("\n\n")[0].split())


def _cost(value: Any) -> str:
    found = _COST.search(_doc(value))
    return " ".join(found[0].split()) if found else ""


def _raised(value: Any) -> list[str]:
    text = _doc(value)
    listed = _RAISES.search(text)
    lines = listed[1].splitlines() if listed else []
    found = [line.strip().partition(":")[0] for line in lines if re.match(r"    \w+:", line)]
    known = [each for each in _RAISED.findall(text) if _is_error(each)]
    return list(dict.fromkeys([*found, *known]))


def _is_error(name: str) -> bool:
    return name.endswith("Error") or hasattr(errors, name)


def _signature(value: Callable[..., object]) -> str:
    signature = inspect.signature(value)
    given = [
        each.replace(annotation=inspect.Parameter.empty)
        for name, each in signature.parameters.items()
        if name not in {"self", "cls"}
    ]
    return str(signature.replace(parameters=given, return_annotation=inspect.Signature.empty))


def _errors() -> Iterator[str]:
    yield "## `handwheel.errors`\n"
    yield "```text"
    yield from (inspect.getdoc(errors) or "").partition("\n\n")[2].splitlines()
    yield "```\n"


def plants_page() -> str:
    """Returns the page of the installed plants with their tags, alarms and faults."""
    parts = ["# Plants"]
    for name in plant_names():
        plant = create_plant(name)
        tags = _table("tag, address, type or range, write, what", map(_tag_row, plant.tags))
        alarms = _table(
            "alarm, limit, dead band, delay, priority, without response, response, within",
            map(_alarm_row, plant.alarms),
        )
        faults = _table(
            "fault, title, parameters, how it shows, right answer",
            map(_fault_row, plant.faults.values()),
        )
        parts += [f"## {name}", "### Tags", tags, "### Alarms", alarms, "### Faults", faults]
    return "\n\n".join([*parts, ""])


def methods_page() -> str:
    """Returns the page of the methods of diagnosis."""
    rows = (_method_row(each) for _, each in sorted(shipped().items()))
    text = "An input in italics may be left out. `any` takes any unit."
    table = _table("method, inputs, residual, window, source", rows)
    return f"# Methods of diagnosis\n\n{text}\n\n{table}\n"


def rules_page() -> str:
    """Returns the page of the findings of `playbooks lint`."""
    rows = ((f"`{code}`", rule.means, rule.why) for code, rule in explanations().items())
    return "\n\n".join(["# Rules of playbooks lint", _table("code, means, why", rows), ""])


def _table(head: str, rows: Iterable[Sequence[str]]) -> str:
    names = head.split(", ")
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join(
        f"| {' | '.join(each.replace('|', '&#124;') for each in row)} |" for row in lines
    )


def _span(span: tuple[float, float] | None) -> str:
    return f"{span[0]:g}..{span[1]:g}" if span else ""


def _tag_row(tag: PlantTag) -> Sequence[str]:
    members = ", ".join(f"{word} {number}" for word, number in tag.members.items())
    kind = "" if tag.kind == "float" and tag.span else tag.kind
    parts = (kind, f"({members})" if members else "", _span(tag.span), tag.unit)
    at = tag.address
    where = at.folder if isinstance(at, Node) else f"{at.table} {at.address} {at.encoding}"
    of_type = " ".join(part for part in parts if part)
    return f"`{tag.name}`", where, of_type, _span(tag.write), tag.description


def _alarm_row(alarm: AlarmDefinition) -> Sequence[str]:
    return (
        f"`{alarm.tag}`", f"{alarm.measures} {'>' if alarm.is_high else '<'} {alarm.limit:g}",
        f"{alarm.deadband:g}", f"{alarm.delay_s:g} s",
        f"{alarm.priority} {alarm.priority.name.lower()}",
        alarm.consequence, alarm.response, alarm.respond_within,
    )  # fmt: skip


def _fault_row(fault: FaultKind) -> Sequence[str]:
    title = f"{fault.title}, a decoy" if fault.is_decoy else fault.title
    defaults = (
        f"{name} {each.default:g}" if isinstance(each, Number) else f"{name} {each.default}"
        for name, each in fault.parameters.items()
    )
    return f"`{fault.id}`", title, ", ".join(defaults), fault.symptoms, fault.response


def _method_row(method: Diagnoser) -> Sequence[str]:
    first = (method.measure.__doc__ or "").partition("\n")[0]
    residual = first.removeprefix("Returns ").rstrip(".")
    unit = f", {method.unit}" if method.unit else ""
    inputs = ", ".join(
        f"*{name}* {needed}".strip() if name in method.optional else f"{name} {needed}".strip()
        for name, needed in method.needs.items()
    )
    return f"`{method.name}`", inputs, residual + unit, f"{method.window_s:g} s", method.source


if __name__ == "__main__":
    write(Path(sys.argv[1]) if sys.argv[1:] else _BUILT)
