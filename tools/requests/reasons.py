"""Why somebody asks for a write or says no to one: text that the journal keeps."""

from typing import Annotated

from pydantic import AfterValidator

LONGEST = 2000
"""Characters."""


def reason_fault(given: str) -> str:
    """Returns what is wrong with a reason; empty if nothing is."""
    if not given.strip():
        return "say why; it is empty"
    if len(given) > LONGEST:
        return f"has {len(given)} characters; at most {LONGEST}"
    if any("\ud800" <= each <= "\udfff" for each in given):
        return "is not UTF-8"
    return ""


def _check(given: str) -> str:
    if fault := reason_fault(given):
        raise ValueError(fault)
    return given


ReasonText = Annotated[str, AfterValidator(_check)]
