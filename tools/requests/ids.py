"""Random ids of requests, runs, cases and work orders."""

from secrets import choice
from typing import Literal

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's alphabet, without ambiguous letters
_LENGTH = 8


def new_id(kind: Literal["C", "R", "U", "W"]) -> str:
    """Returns a new id of a case, request, run (`U`) or work order, such as `R-7K3MQ2XA`."""
    return f"{kind}-" + "".join(choice(_LETTERS) for _ in range(_LENGTH))
