"""Differences of two playbooks in the plant's words, those of writes first."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.language.loader import Playbook
from handwheel.tools.safe_text import printable

from .facts import WRITES, Key, facts_of, writes_of

_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.-])")
_UNIT = re.compile(r"\s+(?!and\b|or\b)([A-Za-z%][\w/%]*)")


Kind = Literal["added", "gone", "changed"]


@dataclass(frozen=True, slots=True)
class Version:
    """Version of a playbook, bound with its default equipment first."""

    playbook: Playbook
    plans: Sequence[BoundPlaybook]


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference. A part that is new, or gone, has one of its two texts only."""

    part: str  # such as `step cut`
    what: str  # such as `verify`; empty if the whole part is new or gone
    kind: Kind
    old: str
    new: str

    @property
    def is_write(self) -> bool:
        """Whether what is written to the plant differs."""
        return self.what.startswith(WRITES)


def differences(old: Version, new: Version) -> list[Difference]:
    """Returns every difference in what two playbooks do, without comments and layout."""
    facts = (dict(facts_of(each.playbook, each.plans[0])) for each in (old, new))
    return [*_of_writes(old, new), *_compared(*facts, is_by_part=True), *_order(old, new)]


def _of_writes(old: Version, new: Version) -> list[Difference]:
    """Returns what is written differently, with other equipment only where that is another case."""
    found = dict[tuple[str, str, str], Difference]()
    for each in _compared(_writes(old), _writes(new), is_by_part=False):
        found.setdefault((each.part, each.old, each.new), each)
    return list(found.values())


def _writes(version: Version) -> dict[Key, str]:
    found = dict(writes_of(version.plans[0]))
    for plan in version.plans[1:]:
        bound = ", ".join(f"{role} {name}" for role, name in plan.roles.items())
        found |= {(part, f"{what} with {bound}"): text for (part, what), text in writes_of(plan)}
    return found


def _compared(
    old: Mapping[Key, str], new: Mapping[Key, str], *, is_by_part: bool
) -> Iterator[Difference]:
    parts = [{part for part, _ in each} if is_by_part else set[str]() for each in (old, new)]
    whole = parts[0] ^ parts[1]  # parts of one of them only
    for key in dict.fromkeys((*old, *new)):
        (part, what), before, after = key, old.get(key, ""), new.get(key, "")
        if part in whole or _words(before) == _words(after):
            continue
        yield Difference(part, what, _kind(before, after), before, after)
    for part in sorted(whole, key=[part for part, _ in (*old, *new)].index):
        before, after = (_told(each, part) for each in (old, new))
        yield Difference(part, "", _kind(before, after), before, after)


def _kind(before: str, after: str) -> Kind:
    if before and after:
        return "changed"
    return "gone" if before else "added"


def _words(text: str) -> list[str]:
    """Returns a text without the spaces that a condition may have or not."""
    return re.findall(r"[\w.:/%-]+|[^\w\s]+", text)


def _told(facts: Mapping[Key, str], part: str) -> str:
    return "; ".join(f"{what}: {text}" for (of, what), text in facts.items() if of == part)


def _order(old: Version, new: Version) -> Iterator[Difference]:
    before, after = ([step.id for step in each.plans[0].steps] for each in (old, new))
    kept, moved = ([x for x in a if x in b] for a, b in ((before, after), (after, before)))
    if kept != moved:
        yield Difference("steps", "order", "changed", ", ".join(kept), ", ".join(moved))


def difference_text(found: Difference) -> str:
    """Returns a difference as one line."""
    part = printable(f"{found.part}: {found.what}" if found.what else found.part)
    match found.kind:
        case "changed":
            return f"{part}: {_change(printable(found.old), printable(found.new))}"
        case "added":
            return f"{part} added: {printable(found.new)}"
        case "gone":
            return f"{part} gone, was: {printable(found.old)}"


def _change(old: str, new: str) -> str:
    """Returns the numbers that changed with their unit, else both texts."""
    if _NUMBER.sub("#", old) != _NUMBER.sub("#", new):
        return f"{old} → {new}"
    pairs = zip(_NUMBER.finditer(old), _NUMBER.finditer(new), strict=True)
    changes = [f"{a[0]} → {b[0]}{_unit(new, b.end())}" for a, b in pairs if a[0] != b[0]]
    is_all = new in {f"{b[0]}{_unit(new, b.end())}" for b in _NUMBER.finditer(new)}
    return f"{', '.join(changes)}{'' if is_all else f', in {new}'}"


def _unit(text: str, at: int) -> str:
    unit = _UNIT.match(text, at)
    return f" {unit[1]}" if unit else ""
