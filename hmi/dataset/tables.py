"""Tables of a data set of episodes, with the type, unit and meaning of each column."""

from dataclasses import dataclass
from typing import Literal

VERSION = "episodes/1"
"""Version of the tables, in the metadata of each file."""

Kind = Literal["text", "prose", "person", "texts", "people", "number", "count", "time"]


@dataclass(frozen=True, slots=True)
class Column:
    """Column of a table. Each may be null where its meaning says when.

    Attributes:
        kind: Prose may name people; `texts` and `people` are lists of texts; times are UTC.
    """

    name: str
    kind: Kind
    meaning: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Table of a data set."""

    name: str
    meaning: str
    columns: tuple[Column, ...]


EPISODES = Table(
    "episodes",
    "a row for each closed case",
    (
        Column("case_id", "text", "id of the case"),
        Column("opened_at", "time", "when it was opened"),
        Column("closed_at", "time", "when it was closed"),
        Column("ended", "prose", "why it was closed"),
        Column("condition", "prose", "trigger or deviation that opened it, with its values"),
        Column("deviations", "texts", "triggers, alarms and named faults, as they came"),
        Column("equipment", "texts", "pieces of equipment that it is about"),
        Column("classes", "texts", "classes of this equipment"),
        Column("verdict", "text", "named, normal, abstain; empty without a diagnosis"),
        Column("named", "texts", "hypotheses that were named"),
        Column("suspected", "texts", "hypotheses that were neither named nor refuted"),
        Column("choice", "text", "playbook that was asked for last; empty for none"),
        Column("found", "text", "label: failure mode, nothing, or null if nobody has told it"),
        Column("found_by", "person", "who has closed the work order with this label"),
        Column("found_at", "time", "when they have closed it"),
        Column("found_note", "prose", "their note"),
        Column("runs", "count", "runs that answered it"),
        Column("expected", "count", "expected results that were evaluated"),
        Column("kept", "count", "those of them that came"),
        Column("gain_promised", "number", "gain that advice promised, in gain_unit"),
        Column("gain_measured", "number", "gain that came, in gain_unit"),
        Column("gain_unit", "text", "unit of both; null without advice"),
    ),
)
EVIDENCE = Table(
    "evidence",
    "a row for each sign of a hypothesis in a judgement that the journal has",
    (
        Column("case_id", "text", "id of the case"),
        Column("at", "time", "when it was judged"),
        Column("hypothesis", "text", "failure mode and piece of equipment"),
        Column("total_db", "number", "sum of prior and weights", "dB"),
        Column("ahead_db", "number", "distance to the best rival; null in old rows", "dB"),
        Column("sign", "text", "id of the sign"),
        Column("text", "prose", "sentence with its values"),
        Column("truth", "text", "true, false or unknown"),
        Column("measured", "number", "residual of a method, in unit; null for a condition"),
        Column("unit", "text", "unit of measured and threshold"),
        Column("threshold", "number", "residual from which the sign is met"),
        Column("weight_db", "number", "weight; above 0 it speaks for the hypothesis", "dB"),
        Column("tags", "texts", "tags that it looks at"),
        Column("window_s", "number", "how far back it looks", "s"),
    ),
)
ACTIONS = Table(
    "actions",
    "a row for each write of a request, also of those that were rejected or never sent",
    (
        Column("case_id", "text", "id of the case"),
        Column("run_id", "text", "id of the run"),
        Column("playbook", "text", "playbook of the run"),
        Column("request_id", "text", "id of the request"),
        Column("risk_class", "text", "R1, R2 or R3"),
        Column("asked_by", "person", "agent that has asked, or a person"),
        Column("model", "text", "language model that composed the plan; null for none"),
        Column("filed_at", "time", "when the request was filed"),
        Column("request_state", "text", "outcome of the request"),
        Column("decided_by", "people", "who has signed a decision"),
        Column("decided_roles", "texts", "role of each of them"),
        Column("verdicts", "texts", "approve or reject, of each of them"),
        Column("decided_after_s", "number", "time to the last decision; null for none", "s"),
        Column("action_id", "text", "id of the write"),
        Column("kind", "text", "command or recovery"),
        Column("tag", "text", "tag that it writes"),
        Column("wanted", "text", "wanted value as people were shown it"),
        Column("wanted_number", "number", "wanted value in unit; null if it is no number"),
        Column("unit", "text", "unit of the value"),
        Column("outcome", "text", "state of the write"),
        Column("reason", "prose", "why, empty if it was done"),
        Column("sent_at", "time", "when its frame was sent; null if it was not"),
    ),
)
TABLES = (EPISODES, EVIDENCE, ACTIONS)
