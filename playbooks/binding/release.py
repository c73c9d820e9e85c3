"""Release of playbooks, with every write that they can make at a site."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice, product

from handwheel.connectors.errors import ConfigError, os_reason
from handwheel.connectors.model.site import LOCK_FILE, Site
from handwheel.connectors.model.values import Value
from handwheel.tools.atomic_files import replace_file
from handwheel.tools.guardrails.identity.enrolment import enrolment_lock
from handwheel.tools.guardrails.identity.keys import PrivateKey
from handwheel.tools.guardrails.identity.roster import Operator
from handwheel.tools.guardrails.signatures.playbooks_lock import (
    Release,
    ReleasedBinding,
    ReleasedWrite,
    Unsigned,
    read_lock,
    sign_release,
)
from handwheel.tools.guardrails.signatures.request_class import UNDO

from ..language.errors import PlaybookError
from ..language.loader import Playbook
from ..language.schema_start import ParameterSpec
from .bindings import Bindings, roles_to_release
from .model import BoundPlaybook
from .step_model import Step, Write
from .value_ranges import range_of, values_of

MOST_BINDINGS = 64
"""Highest number of combinations of parameter values of which the writes are released."""

_Place = tuple[str, str]  # step as requests name it, and tag


def released_writes(
    playbook: Playbook, bindings: Bindings, roles: Mapping[str, str]
) -> list[ReleasedWrite]:
    """Returns every write with some roles, each number that parameters change as a range.

    The values are those at the lowest and highest value of each parameter, in all combinations.
    A parameter without such ends has its default only. More combinations than `MOST_BINDINGS` are
    left out, see `combined_parameters`.

    Raises:
        PlaybookError: It does not fit the site.
    """
    plans = [bindings.bind_playbook(playbook, roles)]
    for given in _ends(_written_parameters(playbook)):
        try:
            plans.append(bindings.bind_playbook(playbook, roles, given))
        except PlaybookError:
            continue  # no run can have these values
    found: dict[_Place, list[ReleasedWrite]] = {}
    for plan in plans:
        for each in _writes(plan):
            same = found.setdefault((each.step, each.tag), [])
            same += [each] if each not in same else []
    is_listed = {name: bindings.site.tags[name].kind == "enum" for _, name in found}
    return [
        write
        for (_, name), same in found.items()
        for write in (same if is_listed[name] else _joined(same))
    ]


def combined_parameters(playbook: Playbook) -> Mapping[str, int]:
    """Returns the parameters that a written value names, and how many values each counts with."""
    found = {name: len(_values(each)) for name, each in _written_parameters(playbook).items()}
    return {name: count for name, count in found.items() if count}


def _written_parameters(playbook: Playbook) -> dict[str, ParameterSpec]:
    """Returns the parameters that a written value names."""
    file = playbook.file
    safe = file.safe_state.steps if file.safe_state else ()
    tables = [each.write for each in (*file.steps, *safe)]
    tables += [each.undo.write for each in file.steps if each.undo]
    texts = " ".join(str(value) for table in tables for value in (table or {}).values())
    return {
        name: each
        for name, each in file.parameters.items()
        if re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", texts)
    }


def _ends(parameters: Mapping[str, ParameterSpec]) -> Iterator[dict[str, str]]:
    ends = {name: values for name, each in parameters.items() if (values := _values(each))}
    combinations = product(*ends.values())
    for chosen in islice(combinations if ends else (), MOST_BINDINGS):
        yield dict(zip(ends, chosen, strict=True))


def _values(parameter: ParameterSpec) -> list[str]:
    match parameter.type:
        case "bool":
            return ["true", "false"]
        case "enum":
            return list(parameter.values)
        case "quantity" | "number":
            ends = (parameter.min, parameter.max)
            given = [str(each) for each in ends if each != ""]
            return list(dict.fromkeys([*given, str(parameter.default)])) if given else []
        case _:
            return []


def _writes(plan: BoundPlaybook) -> Iterator[ReleasedWrite]:
    """Yields each write under its step as requests name it."""
    for step in (*plan.steps, *plan.safe_state):
        yield from _of_step(step.id, step.writes, step)
        yield from _of_step(f"{UNDO}{step.id}", step.undo.writes if step.undo else (), step)


def _of_step(name: str, writes: Sequence[Write], step: Step) -> Iterator[ReleasedWrite]:
    for each in writes:
        for value in values_of(each):
            yield ReleasedWrite(step=name, tag=each.tag.name, value=value)
        if ends := range_of(each, is_ramp=step.ramp_per_s is not None):
            yield ReleasedWrite(step=name, tag=each.tag.name, range=list(ends))


def _joined(writes: Sequence[ReleasedWrite]) -> list[ReleasedWrite]:
    """Returns one range for numbers that differ. Truths and words stay listed."""
    numbers = [number for each in writes for number in _numbers(each)]
    if len(writes) == 1 or not numbers:
        return list(writes)
    ends = [float(min(numbers)), float(max(numbers))]
    first = writes[0]
    is_one = ends[0] == ends[1] and first.value is not None
    return [first if is_one else first.model_copy(update={"value": None, "range": ends})]


def _numbers(write: ReleasedWrite) -> list[float]:
    if write.range is not None:
        return write.range
    value: Value | None = write.value
    return [] if isinstance(value, bool | str) or value is None else [value]


def unsigned_release(
    playbook: Playbook, bindings: Bindings, library: Sequence[Playbook] = ()
) -> Unsigned:
    """Returns a playbook's digest and its writes for each equipment, for a person to sign.

    Args:
        bindings: Of the site.
        library: Playbooks that may run it with equipment of theirs.

    Raises:
        PlaybookError: It does not fit the site.
    """
    roles = roles_to_release(playbook, bindings, library)
    return Unsigned(
        id=playbook.id,
        version=playbook.file.version,
        digest=playbook.digest,
        bindings=[
            ReleasedBinding(roles=dict(each), writes=released_writes(playbook, bindings, each))
            for each in roles
        ],
    )


def release_playbooks(
    site: Site,
    playbooks: Sequence[Playbook],
    operator: Operator,
    private: PrivateKey,
    at: datetime,
    library: Sequence[Playbook] = (),
) -> list[Release]:
    """Signs playbooks and writes them into the site's `playbooks.lock`. Others there stay.

    Args:
        library: As of `unsigned_release`.

    Raises:
        PlaybookError: One does not fit the site.
        ConfigError: The file is damaged, or cannot be written; nothing was.
    """
    bindings = Bindings(site)
    unsigned = [unsigned_release(each, bindings, library) for each in playbooks]
    signed = [sign_release(each, site.id, operator, private, at) for each in unsigned]
    path = site.root / LOCK_FILE
    with enrolment_lock(site.root):
        text = read_lock(site).replaced(signed).text
        try:
            replace_file(path, text)
        except OSError as error:
            reason = f"cannot be written: {os_reason(error)}; nothing was released"
            raise ConfigError.of(reason, path) from None
    return signed
