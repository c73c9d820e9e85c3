"""Arguments of a program's calls, refused by name where they are of another form."""

from collections.abc import Iterable, Mapping
from typing import cast

from handwheel.connectors.config.durations import parse_duration
from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.requests.reasons import reason_fault


def texts(what: str, given: object) -> list[str]:
    """Returns several texts. Raises `InvalidArguments` for a single one, or for something else."""
    if not isinstance(given, str) and isinstance(given, Iterable):
        found = list(cast("Iterable[object]", given))
        if all(isinstance(each, str) for each in found):
            return [each for each in found if isinstance(each, str)]
    raise InvalidArguments(f"{what}: give a list of texts, and not {given!r:.60}")


def known_tags(site: Site, names: object) -> list[Tag]:
    """Returns the tags of names. Raises `InvalidArguments`, which names all that are not known."""
    try:
        return site.find_tags(texts("tags", names))
    except ConfigError as error:
        raise InvalidArguments("; ".join(each.reason for each in error.problems)) from None


def known_tag(site: Site, name: object) -> Tag:
    """Returns the tag of a name. Raises `InvalidArguments` for several names, or one not known."""
    if not isinstance(name, str):
        raise InvalidArguments(f"tag: give the name of one tag, and not {name!r:.60}")
    return known_tags(site, [name])[0]


def seconds(what: str, text: str) -> float:
    """Returns a duration in seconds. Raises `InvalidArguments` if it is none."""
    try:
        return parse_duration(text)
    except ValueError as error:
        raise InvalidArguments(f"{what}: {error}") from None


def reason_text(given: object) -> str:
    """Returns a reason. Raises `InvalidArguments` if it is none, or one that is not taken."""
    if not isinstance(given, str):
        raise InvalidArguments(f"reason: give a text, and not {given!r:.60}")
    if not given.strip():
        raise InvalidArguments("the reason is empty; say why, for the person who decides")
    if fault := reason_fault(given):
        raise InvalidArguments(f"the reason {fault.reason}")
    return given


def write_texts(writes: object) -> dict[str, str]:
    """Returns the text of a value by its tag.

    Raises:
        InvalidArguments: There is none, or they are no values by the name of a tag.
    """
    if not isinstance(writes, Mapping) or not writes:
        raise InvalidArguments('writes: give values by tag, such as {"PIC-102.sp": "360 kPa"}')
    pairs = cast("Mapping[object, object]", writes)
    wrong = [name for name, value in pairs.items() if not _is_value(name, value)]
    if wrong:
        raise InvalidArguments(f"writes: {wrong[0]!r:.60} has no text, number or truth value")
    return {str(name): _text(value) for name, value in pairs.items()}


def _is_value(name: object, value: object) -> bool:
    return isinstance(name, str) and isinstance(value, str | bool | int | float)


def _text(value: object) -> str:
    return f"{value}".lower() if isinstance(value, bool) else f"{value}"
