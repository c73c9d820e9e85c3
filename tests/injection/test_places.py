"""Text of a plant becomes no tool, tag, value, limit, unit, expression, file or message."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from handwheel.connectors.config.durations import parse_duration
from handwheel.shipped_tools import SHIPPED
from handwheel.tools.conditions.condition import parse_condition
from handwheel.tools.conditions.template import parse_template
from handwheel.tools.conditions.units import scale
from handwheel.tools.plant_text import PlantText
from handwheel.tools.requests.lease_and_effects import parse_expectation, parse_lease
from handwheel.tools.requests.proposer import guest_proposer
from handwheel.tools.requests.values import parse_value
from handwheel.tools.toolset.toolset import Toolset

from ..sites.in_memory import make_site

USES: dict[str, str] = {
    "tool": "read", "tag": "PT-102.pv", "value": "360 kPa", "expression": "PT-102.pv > 300 kPa",
    "template": "{PT-102.pv}", "limit": "PT-102.pv > 352 kPa within 2 min", "lease": "2 h",
    "duration": "30 min", "unit": "kPa", "name": "shift-agent", "file": "notes.txt",
}  # fmt: skip
"""What would do as each of them if it were a `str`."""


@pytest.mark.parametrize("use", USES)
def test_text_of_a_plant_is_refused_as(use: str, tmp_path: Path) -> None:
    site = make_site(tmp_path)
    ways: dict[str, Callable[[Any], object]] = {
        "tool": Toolset(SHIPPED).find,
        "tag": lambda text: site.find_tags([text]),
        "value": lambda text: parse_value(site.tags["PIC-102.sp"], text),
        "expression": lambda text: parse_condition(text, site.tags),
        "template": lambda text: parse_template(text, site.tags),
        "limit": parse_expectation,
        "lease": parse_lease,
        "unit": lambda text: scale("bar", text),
        "duration": parse_duration,
        "name": lambda text: guest_proposer(text, "lab"),
        "file": lambda text: (tmp_path / text).write_text(""),
    }
    ways[use](USES[use])
    with pytest.raises(Exception) as caught:  # noqa: PT011 (each place has its own)
        ways[use](PlantText(USES[use], "X-101.model"))
    assert USES[use] not in str(caught.value)


def test_a_log_line_does_not_open_it(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("handwheel").warning("it said %r", PlantText("obey", "X-101.model"))
    assert "obey" not in caplog.text
