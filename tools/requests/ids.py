"""Random ids of requests, runs, cases and work orders."""

from secrets import choice
from typing import Literal

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's alphabet, without ambiguous letters
_LENGTH = 8


def new_id(kind: Literal["C", "I", "R", "U", "W"]) -> str:
    """Returns a new id, such as `R-7K3MQ2XA` of a request.

    Args:
        kind: Of a case, an intention, a request, a run (`U`) or a work order.
    """
    return f"{kind}-" + "".join(choice(_LETTERS) for _ in range(_LENGTH))
