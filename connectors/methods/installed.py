"""Installed methods, our own and those that other packages register."""

from collections.abc import Mapping
from importlib.metadata import entry_points

from .heat_exchanger import FOULING, HEAT_DUTY
from .method import GROUP, Method
from .time_to_limit import DAYS_TO_LIMIT

# Entry points are looked up for other names only, since that takes a look at every package.
_OWN: Mapping[str, Method] = {
    "days_to_limit": DAYS_TO_LIMIT,
    "fouling": FOULING,
    "heat_duty": HEAT_DUTY,
}


class UnusableMethod(Exception):
    """A registered method that cannot be loaded. The text is the reason."""


def method_names() -> list[str]:
    """Returns the names of the installed methods."""
    return sorted({*_OWN, *entry_points(group=GROUP).names})


def load_method(name: str) -> Method | None:
    """Returns an installed method, `None` if there is none of this name.

    Raises:
        UnusableMethod: It cannot be imported, or is no `Method`.
    """
    if name in _OWN:
        return _OWN[name]
    found = entry_points(group=GROUP, name=name)
    if not found:
        return None
    (entry, *_) = found
    try:
        method = entry.load()
    except (Exception, SystemExit) as error:  # noqa: BLE001 (only its tag is bad)
        reason = f"{entry.value} cannot be imported: {type(error).__name__}: {error}"
        raise UnusableMethod(reason) from None
    if not isinstance(method, Method):
        raise UnusableMethod(f"{entry.value} is a {type(method).__name__}, not a Method")
    return method
