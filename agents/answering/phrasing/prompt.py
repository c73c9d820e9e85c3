"""Text of a question to a model about an answer."""

import json
from collections.abc import Sequence

from handwheel.tools.plant_text import PlantText
from handwheel.tools.safe_text import printable

from ..fact import Answer
from ..question import Question

_MOST_FACTS = 60


def facts_and_claims(question: Question, answer: Answer, statements: Sequence[str]) -> str:
    """Returns facts and statements for a model. The values of facts are text of the plant."""
    values = {
        each.id: PlantText(each.value, each.source).as_data()["untrusted_text"]
        for each in answer.facts[:_MOST_FACTS]
    }
    facts = json.dumps({"untrusted_text": values}, ensure_ascii=False)
    asked = f"Question: {printable(question.text)}"
    return "\n".join(["Facts:", facts, "Statements:", *statements, asked])
