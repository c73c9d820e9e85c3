"""Objects that installed packages register as entry points, found by their names."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any, TypeVar

from ..errors import ConfigError, HandwheelError
from ..hints import did_you_mean

_Made = TypeVar("_Made")


class UnusablePlugIn(HandwheelError):
    """A plug-in that is not installed or cannot be used. The text is the reason."""


class MissingPlugIn(UnusablePlugIn):
    """A plug-in that is not installed. The text names the one that may be meant, or all."""


class WrongPlugIn(HandwheelError):
    """An object that is no plug-in of its group. The text follows the object's name."""


@dataclass(frozen=True, slots=True)
class PlugIns:
    """Plug-ins of one kind, of which only those that are asked for are imported."""

    group: str  # of entry points, such as `handwheel.twins`
    word: str  # for messages, such as `twin`
    own: Iterable[str] = ()  # names of those that are no entry points

    def names(self) -> list[str]:
        """Returns the names of all that are installed. It imports none."""
        return sorted({*self.own, *entry_points(group=self.group).names})

    def load(self, name: str, use: Callable[[Any], _Made]) -> _Made:
        """Imports the object that a package registers, and returns what `use` makes of it.

        Args:
            use: Takes the object. It raises `WrongPlugIn` if this is none of the kind.

        Raises:
            MissingPlugIn: No package registers the name.
            UnusablePlugIn: Several packages register the name, the object cannot be imported, or
                `use` raises another error.
            ConfigError: As `use` raises it.

        Effect: runs the code of the package that is imported. Retry: none. Timeout: none.
        """
        found = entry_points(group=self.group, name=name)
        if not found:
            known = self.names()
            hint = did_you_mean(name, known) or f"; known: {', '.join(known) or 'none'}"
            raise MissingPlugIn(f"there is no {self.word} {name!r}{hint}")
        if len(values := sorted({each.value for each in found})) > 1:
            raise UnusablePlugIn(f"{name!r} is of several packages: {', '.join(values)}")
        (entry, *_) = found
        try:
            return use(entry.load())
        except ConfigError:
            raise
        except WrongPlugIn as error:
            raise UnusablePlugIn(f"{entry.value} {error}") from None
        except (Exception, SystemExit) as error:  # code of others
            words = " ".join(f"{type(error).__name__}: {error}".split())
            raise UnusablePlugIn(f"{entry.value} cannot be loaded: {words}") from error


def instance_of(kind: type[_Made]) -> Callable[[object], _Made]:
    """Returns a function for `PlugIns.load` that takes only instances of a class."""

    def checked(found: object) -> _Made:
        if not isinstance(found, kind):
            raise WrongPlugIn(f"is a {type(found).__name__}, not a {kind.__name__}")
        return found

    return checked
