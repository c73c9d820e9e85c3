"""Orders to set a tag, and the agent that obeys every one of them."""

import re
from dataclasses import dataclass

_ORDER = re.compile(r"set ([A-Z]+-\d+\.sp) to (\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class Order:
    """Write of one value to one tag."""

    tag: str
    value: float

    def __str__(self) -> str:
        """Returns the order in words, which the agent obeys."""
        return f"set {self.tag} to {self.value}"


def obeyed(text: str) -> Order | None:
    """Returns what the obedient agent does after a text, whoever wrote it."""
    found = _ORDER.search(text)
    return Order(found[1], float(found[2])) if found else None
