"""Objects that installed packages register as entry points, found by their names.

Nothing is imported but what is asked for by its name.
"""

from collections.abc import Callable, Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar

from ..errors import ConfigError, HandwheelError
from ..hints import did_you_mean

_Made = TypeVar("_Made")


class UnusablePlugIn(HandwheelError):
    """A plug-in that is not installed or cannot be used. The text is the reason."""


class MissingPlugIn(UnusablePlugIn):
    """A plug-in that is not installed. The text names the one that may be meant, or all."""


class WrongPlugIn(HandwheelError):
    """An object that is no plug-in of its group. The text goes on after its name."""


def plug_in_names(group: str, own: Iterable[str] = ()) -> list[str]:
    """Returns the names of a group's entry points and our own, sorted. It imports none."""
    return sorted({*own, *entry_points(group=group).names})


def load_plug_in(
    group: str, name: str, use: Callable[[Any], _Made], own: Iterable[str] = ()
) -> _Made:
    """Imports the object that a package registers, and returns what `use` makes of it.

    Args:
        group: Group of entry points, such as `handwheel.twins`.
        use: Takes the object. It raises `WrongPlugIn` if this is none of the group.
        own: Names that are no entry points, for the message on an unknown one.

    Raises:
        MissingPlugIn: No package registers the name.
        UnusablePlugIn: The object cannot be imported, or `use` raises another error.
        ConfigError: As `use` raises it.

    Effect: runs the code of the package that is imported. Retry: no. Timeout: none.
    """
    entry = _entry(group, name, own)
    try:
        return use(entry.load())
    except ConfigError:
        raise
    except WrongPlugIn as error:
        raise UnusablePlugIn(f"{entry.value} {error}") from None
    except (Exception, SystemExit) as error:  # code of others
        words = " ".join(str(error).split())
        reason = f"{entry.value} cannot be loaded: {type(error).__name__}: {words}"
        raise UnusablePlugIn(reason) from error


def instance_of(kind: type[_Made]) -> Callable[[Any], _Made]:
    """Returns a function that takes only instances of a class, for `load_plug_in`."""

    def checked(found: Any) -> _Made:
        if not isinstance(found, kind):
            raise WrongPlugIn(f"is a {type(found).__name__}, not a {kind.__name__}")
        return found

    return checked


def _entry(group: str, name: str, own: Iterable[str]) -> EntryPoint:
    for entry in entry_points(group=group):
        if entry.name == name:
            return entry
    known = plug_in_names(group, own)
    what = group.rpartition(".")[2].removesuffix("s")
    hint = did_you_mean(name, known) or f"; known: {', '.join(known) or 'none is installed'}"
    raise MissingPlugIn(f"there is no {what} {name!r}{hint}")
