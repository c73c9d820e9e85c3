"""Counts with a singular or plural noun."""


def counted(number: int, what: str) -> str:
    """Returns `1 tag`, `2 tags`.

    Args:
        what: One of them; more have an `s`.
    """
    return f"{number} {what}{'' if number == 1 else 's'}"
