"""Installed methods, our own and those that other packages register."""

from collections.abc import Mapping

from ..config.plug_ins import PlugIns, instance_of
from .heat_exchanger import FOULING, HEAT_DUTY
from .method import GROUP, Method
from .time_to_limit import DAYS_TO_LIMIT

# Entry points are looked up for other names only, since that takes a look at every package.
_OWN: Mapping[str, Method] = {
    "days_to_limit": DAYS_TO_LIMIT,
    "fouling": FOULING,
    "heat_duty": HEAT_DUTY,
}


def load_method(name: str) -> Method:
    """Returns an installed method.

    Raises:
        MissingPlugIn: There is none of this name.
        UnusablePlugIn: It cannot be imported, or is no `Method`.
    """
    if name in _OWN:
        return _OWN[name]
    return PlugIns(GROUP, "method", _OWN).load(name, instance_of(Method))
