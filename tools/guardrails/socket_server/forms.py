"""Faults of a document that has not the form of its message."""

from pydantic import ValidationError


def form_faults(error: ValidationError) -> str:
    """Returns each fault with its place, without the sender's own values."""
    found = error.errors(include_url=False, include_input=False)
    places = [".".join(map(str, each["loc"])) for each in found]
    return "; ".join(
        f"{place or 'it'}: {each['msg'].removeprefix('Value error, ')}"
        for place, each in zip(places, found, strict=True)
    )
