"""Counts with a singular or plural noun."""


def counted(number: int, what: str) -> str:
    """Returns `1 tag`, `2 tags`. More than one have an `s`."""
    return f"{number} {what}{'' if number == 1 else 's'}"
