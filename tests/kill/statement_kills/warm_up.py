"""Makes a process warm: whatever is slow and the same in every round is done before it forks."""

from importlib import import_module

from handwheel.connectors.config import yaml_documents
from handwheel.connectors.config.yaml_documents import Document
from handwheel.connectors.model.site import Site, load_site
from handwheel.tools.conditions.condition import parse_condition
from handwheel.tools.guardrails.gate import gate
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.policy.policy import load_policy

from ..site import World, edit

_WITHIN = ("readback: self", "readback: self, within: 150 ms")
_HASTE = {"_POLL_S": 0.01, "_PICTURE_S": 0.05, "_AFTER_FAULT_S": 0.05}
_LATER = (  # what is imported when it is needed
    "handwheel.connectors.actuation.modbus",
    "handwheel.connectors.modbus.connector",
    "handwheel.hmi.journal.command",
    "handwheel.tools.guardrails.audit.audit",
)


def warm_site(world: World) -> Site:
    """Reads a site whose times suit a round, for a gate that is in a hurry."""
    edit(world.site / "tags.yaml", lambda line: line.replace(*_WITHIN))
    for name, seconds in _HASTE.items():
        assert hasattr(gate, name)
        setattr(gate, name, seconds)
    for name in _LATER:
        import_module(name)
    _parse_once()
    site = load_site(world.site)
    load_policy(site)
    load_roster(site)
    parse_condition("P-101A.run_cmd", site.tags)  # the grammar is slow to build
    return site


def _parse_once() -> None:
    """Has a file that was parsed here not parsed again by all the forked."""
    parse, known = yaml_documents.parse_document, dict[tuple[str, str], Document]()

    def parse_once(
        text: str, document: Document, on_scalar: yaml_documents.OnScalar | None = None
    ) -> Document:
        if on_scalar is not None:
            return parse(text, document, on_scalar)
        key = document.file, text
        if key not in known:
            known[key] = parse(text, document)
        return known[key]

    setattr(yaml_documents, "parse_document", parse_once)  # noqa: B010 (of this process, for good)
