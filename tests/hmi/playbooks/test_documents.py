"""Procedure and graph of a playbook, whose texts may come from anybody."""

from html.parser import HTMLParser
from xml.etree import ElementTree as ET

from handwheel.connectors.model.site import Site
from handwheel.hmi.playbooks.documents.graph import Graph, graph_of, mermaid
from handwheel.hmi.playbooks.documents.phrases import in_words
from handwheel.hmi.playbooks.documents.procedure import procedure
from handwheel.hmi.playbooks.documents.svg import svg
from handwheel.playbooks.binding.bind import bind
from handwheel.playbooks.language.loader import parse_playbook

from ...playbooks.sample_playbook import GOOD, changed

BAD = "<script>alert(1)</script> **now** [x](http://x) `a` ]> \u202e"


def _documents(site: Site, text: str) -> tuple[str, str, Graph]:
    playbook = parse_playbook(text)
    plan = bind(playbook, site)
    return procedure(playbook, plan, "md"), procedure(playbook, plan, "html"), graph_of(plan)


class _Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags = set[str]()
        self.texts = list[str]()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert {name for name, _ in attrs}.isdisjoint({"src", "href", "onload"})

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_a_duration_is_told_in_words() -> None:
    texts = [in_words(each) for each in (0.0, 0.5, 1.0, 90.0, 3600.0, 176_520.0)]
    assert texts == [
        "0 seconds", "0.5 seconds", "1 second", "1 minute 30 seconds", "1 hour",
        "2 days 1 hour 2 minutes",
    ]  # fmt: skip


def test_a_procedure_has_every_part_of_the_playbook(site: Site) -> None:
    markdown, _, _ = _documents(site, GOOD)
    lines = [line.strip() for line in markdown.splitlines()]
    for part in (
        "- `VT-101A.pv > 5 mm/s` without a break for 1 minute.",
        "- Before step 1, start: operator, not the requester, within 5 minutes; "
        "else the run is stopped.",
        "- ready: `held(P-101B.available, 30 s)`.",
        "- `PT-102.pv > 280 kPa`. If that is not so for 5 seconds, "
        "the plant is brought into the safe state.",
        "- Only if `not P-101B.running`",
        "- Write `P-101B.run_cmd = true`",
        "- Verify `P-101B.running` within 30 seconds",
        "- Undo `P-101B.run_cmd = false`",
        "- On failure the steps are undone",
        "- less-load: write `FIC-201.sp = 30 m3/h`.",
        "- At most 2 writes, and 30 minutes from the approval.",
    ):
        assert part in lines


def test_texts_of_a_playbook_act_as_no_marks(site: Site) -> None:
    quoted = BAD.replace("\u202e", r"\u202e")
    text = changed(
        ("title: Start the standby pump", f'title: "{quoted}"'),
        ('prompt: "Now at {PT-102.pv}"', f'prompt: "{quoted}"'),
    )
    markdown, page, graph = _documents(site, text)
    shown = BAD.replace("\u202e", r"\u202e")
    found = _Tags(page)
    assert found.tags.isdisjoint({"script", "a", "img", "strong"})
    assert any(shown in each for each in found.texts)
    assert "<script" not in page
    assert "\u202e" not in page + markdown + mermaid(graph)
    assert r"\<script\>alert(1)\</script\> \*\*now\*\* \[x\](http\://x)" in markdown
    assert "Hold point: operator, within 5 minutes<br>#60;script#62;alert(1)" in mermaid(graph)


def test_a_graph_leads_each_failure_to_its_end(site: Site) -> None:
    *_, graph = _documents(site, GOOD)
    edges = [line.strip() for line in mermaid(graph).splitlines() if "-." in line]
    assert edges == [
        "n2 -. violated .-> safe_state",
        "n3 -. no answer .-> stop",
        "n4 -. fails .-> rollback",
        "n5 -. fails .-> hold",
        "rollback -. an undo fails .-> safe_state",
    ]
    picture = ET.fromstring(svg(graph))
    space = "{http://www.w3.org/2000/svg}"
    texts = [each.text for each in picture.iter(f"{space}text")]
    assert {"Hold point: operator, within 5 minutes", "Safe state", "Roll back"} <= {*texts}
    assert len(list(picture.iter(f"{space}polyline"))) == len(graph.path) - 1 + 4
