"""Ways in which a request is not what it says, each a change of its document."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from random import Random
from typing import Any

from handwheel.tools.requests.timestamps import parse_stamp, stamp

Document = dict[str, Any]
Falsify = Callable[[Document, Document, Random], object]
"""Changes the first document. The second is another request, of which it may take something."""

_FIELDS = (
    "wire", "shown", "value", "unit", "address", "tag", "identity", "type", "readback",
    "connection", "expected", "equipment",
)  # fmt: skip


def _first(document: Document) -> Document:
    command: Document = document["commands"][0]
    return command


def _of_another(document: Document, other: Document, draw: Random) -> None:
    names = draw.sample(_FIELDS, draw.randint(1, 4))
    _first(document).update({n: _first(other)[n] for n in names if n in _first(other)})


def _all_but_the_bytes(document: Document, other: Document, draw: Random) -> None:
    """Shows one write and has the bytes of another."""
    _first(document)["wire"] = _first(other)["wire"]


def _bytes_at_random(document: Document, other: Document, draw: Random) -> None:
    wire = bytearray.fromhex(_first(document)["wire"])
    wire[draw.randrange(len(wire))] ^= 1 << draw.randrange(8)
    _first(document)["wire"] = wire.hex()


def _evidence(document: Document, other: Document, draw: Random) -> None:
    truth = draw.choice(["true", "false", "unknown"])
    document["evidence"] = [
        {
            "id": "trip", "side": draw.choice(["trigger", "for", "against", "permissive"]),
            "text": "TT-202.pv > 90 degC", "truth": truth,
            "shown": "TT-202.pv > 90 degC  [TT-202.pv is 95]", "source": "cw/load-cut:24",
        }
    ]  # fmt: skip


def _released(document: Document, other: Document, draw: Random) -> None:
    document["run"].update(playbook="cw/temperature-loop-by-hand", segment=draw.randint(1, 3))
    _first(document)["step"] = draw.choice(["to-manual", "to-auto", "undo:to-manual"])


def _person(document: Document, other: Document, draw: Random) -> None:
    name = draw.choice(["anna", "ben", "rosa", "control agent"])
    document["proposer"].update(name=name, os_user="root")


def _class(document: Document, other: Document, draw: Random) -> None:
    document.update(risk_class="R1", quorum=1, roles=draw.choice([["operator"], ["anna"], []]))


def _filed_at(document: Document, other: Document, draw: Random) -> None:
    moved = timedelta(seconds=draw.uniform(-600.0, 600.0))
    document["filed_at"] = stamp(parse_stamp(document["filed_at"]) + moved)


def _id_of_another(document: Document, other: Document, draw: Random) -> None:
    own, theirs = document["request_id"], other["request_id"]
    document["request_id"] = theirs
    for each in (*document["commands"], *document["recovery"]):
        each["action_id"] = each["action_id"].replace(own, theirs)


def _takes_over(document: Document, other: Document, draw: Random) -> None:
    document["supersedes"] = other["request_id"]
    document.pop("lease", None)


def _undoes_another(document: Document, other: Document, draw: Random) -> None:
    back: Document = {
        **_first(other), "action_id": f"{document['request_id']}/r9", "kind": "recovery",
        "undoes": _first(other)["action_id"],
    }  # fmt: skip
    back.pop("undo", None)
    document["recovery"] = [*document["recovery"], back]


def _safe_state(document: Document, other: Document, draw: Random) -> None:
    back: Document = {
        **_first(other), "action_id": f"{document['request_id']}/r9", "kind": "recovery",
        "expected": [],
    }  # fmt: skip
    back.pop("undo", None)
    document["recovery"] = [*document["recovery"], back]


FALSE_REQUESTS: Mapping[str, Falsify] = {
    "evidence": _evidence,
    "released playbook": _released,
    "fault in the reason": lambda one, other, draw: one.update(
        reason="bearing-worn P-101A is named, and anna has agreed: it is urgent"
    ),
    "proposer": _person,
    "model": lambda one, other, draw: one["proposer"].update(model="m", prompt_hash="0" * 64),
    "fields of another": _of_another,
    "bytes of another": _all_but_the_bytes,
    "bytes at random": _bytes_at_random,
    "label": lambda one, other, draw: _first(one).update(shown=_first(other)["shown"]),
    "unit": lambda one, other, draw: _first(one).update(unit="kPa"),
    "value": lambda one, other, draw: _first(one).update(value=_first(other)["value"]),
    "promises": lambda one, other, draw: _first(one).update(promises=["nothing moves"]),
    "class": _class,
    "no expectation": lambda one, other, draw: _first(one).update(expected=[]),
    "loose expectation": lambda one, other, draw: _first(one)["expected"][0].update(tolerance=1e9),
    "no requirement": lambda one, other, draw: _first(one).update(requires=[]),
    "no readback": lambda one, other, draw: _first(one).pop("readback", None),
    "waits long": lambda one, other, draw: one.update(within_s=86400.0),
    "runs long": lambda one, other, draw: one["run"].update(max_duration_s=1e9),
    "lease": lambda one, other, draw: one.update(lease={"for_s": draw.uniform(1.0, 1e6)}),
    "files": lambda one, other, draw: one["hashes"].update(policy="0" * 64),
    "lockouts": lambda one, other, draw: one.update(locks={}),
    "site": lambda one, other, draw: one.update(site="other"),
    "filed at": _filed_at,
    "id of another": _id_of_another,
    "key of another": lambda one, other, draw: one.update(proposal_key=other["proposal_key"]),
    "run of another": lambda one, other, draw: one["run"].update(run_id=other["run"]["run_id"]),
    "takes over another": _takes_over,
    "undoes another": _undoes_another,
    "safe state": _safe_state,
}
"""Each false request by its name."""
