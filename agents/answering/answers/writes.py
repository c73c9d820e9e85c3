"""Sentences about writes and the people who have signed them."""

from ..fact import Answer, joined
from ..sources import SentWrite, SignedWord, Sources

_UNATTENDED = "UNATTENDED: a script signed with the key"


def written_text(
    answer: Answer, sources: Sources, write: SentWrite, span: str, words: str = "ago"
) -> str:
    """Returns what was written and when, with who proposed and who approved it.

    Args:
        span: Process time of the write.
        words: What stands behind that.
    """
    row = f"journal, row {write.row}"
    shown = answer.fact(write.tag, f"{write.shown} {write.unit}".rstrip(), row, write.at)
    at = answer.fact(write.tag, span, f"{row}, process time", write.at)
    proposer = answer.fact(write.request_id, write.proposer, "journal")
    approvers = [
        person_text(answer, each)
        for each in sources.decisions(write.request_id)
        if each.verdict == "approve"
    ]
    approved = f", approved by {joined(approvers)}" if approvers else ""
    return (
        f"{write.tag} was written to {shown} about {at} {words}, by {write.request_id}, proposed "
        f"by {proposer}{approved}."
    )


def person_text(answer: Answer, word: SignedWord) -> str:
    """Returns who has signed a decision, and that a script did where nobody typed for it."""
    person = answer.fact(word.request_id, word.person, "journal, signed")
    if word.is_attended:
        return person
    return f"{person} ({answer.fact(word.request_id, _UNATTENDED, 'journal, signed')})"
