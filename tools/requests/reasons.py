"""Reason for a proposal or a rejection, which the journal keeps."""

from typing import Annotated

from pydantic import AfterValidator

from handwheel.connectors.denial import Denial

LONGEST = 2000
"""Characters."""


def reason_fault(given: str) -> Denial | None:
    """Returns the fault of a reason."""
    if not given.strip():
        return Denial("empty", "is empty; give a reason")
    if len(given) > LONGEST:
        return Denial("length", f"has {len(given)} characters; at most {LONGEST}")
    if any("\ud800" <= each <= "\udfff" for each in given):
        return Denial("encoding", "is not UTF-8")
    return None


def _check(given: str) -> str:
    if fault := reason_fault(given):
        raise ValueError(fault.reason)
    return given


ReasonText = Annotated[str, AfterValidator(_check)]
