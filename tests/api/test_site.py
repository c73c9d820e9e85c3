"""Programs at a simulated site, over the agents' real socket."""

import asyncio
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Generator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from handwheel import Outcome, Site
from handwheel.connectors.model.values import Quality
from handwheel.errors import InterlockActive, InvalidArguments, NoAgents, PolicyViolation
from handwheel.testing import RunningSite

from ..hmi.command_in_process import said_by
from ..project.pages.doc_shell import blocks, fits
from ..project.pages.doc_tables import DOCS

pytestmark = pytest.mark.timeout(180)

FLOW = {"FIC-201.sp": "39 m3/h"}
EXPECTED = ["PT-102.pv > 300 kPa within 2 min"]


@pytest.fixture(scope="module")
def running() -> Generator[RunningSite]:
    with RunningSite(approve_after="0.2s") as running:
        yield running


async def test_reading_comes_with_unit_quality_and_age(running: RunningSite) -> None:
    async with Site.open(running.folder, name="reader") as site:
        latest = await site.read("PT-102.pv")
        fresh = await site.read("PT-102.pv", fresh=True)
    assert (latest.unit, latest.quality) == ("kPa", Quality.GOOD)
    assert float(latest) == pytest.approx(350.0, abs=20.0)
    assert fresh.age_s is not None
    assert fresh.age_s < 30.0


async def test_every_tag_is_read_in_the_order_of_the_question(running: RunningSite) -> None:
    async with Site.open(running.folder, name="reader") as site:
        names = [each.name for each in site.tags()]
        readings = await site.read_all(names)
    assert len(names) > 90
    assert list(readings) == names


async def test_unknown_tags_are_named_at_once_with_what_is_meant(running: RunningSite) -> None:
    async with Site.open(running.folder) as site:
        with pytest.raises(InvalidArguments) as raised:
            await site.read_all(["PT-1O2.pv", "PT-102"])
    assert "did you mean 'PT-102.pv'?" in str(raised.value)
    assert str(raised.value).count("there is no tag") == 2


async def test_window_gives_numbers_of_recorded_values(running: RunningSite) -> None:
    async with Site.open(running.folder) as site:
        while (window := await site.window("PT-102.pv", "5 s", 5)).coverage < 0.8:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    assert window.unit == "kPa"
    assert window.low() <= window.mean() <= window.high()


async def test_request_is_approved_carried_out_and_kept(running: RunningSite) -> None:
    async with Site.open(running.folder, name="margin-agent", model="some-model") as site:
        request = await site.propose(FLOW, reason="margin", expect=EXPECTED)
        assert "unverified" in request.card()
        outcome = await request.outcome(within="1 min")
        found = await site.request(request.id)
        value = await site.read("FIC-201.sp", fresh=True)
    assert (outcome.state, outcome.kept) == ("COMPLETE", True), outcome
    assert f"{request.id} was approved by script" in running.log
    assert found.latest == outcome
    assert float(value) == 39.0


async def test_request_with_the_same_key_is_filed_once(running: RunningSite) -> None:
    async with Site.open(running.folder, name="again") as site:
        lowered = {"TIC-202.sp": 47.0}
        one = await site.propose(lowered, reason="once", key="0123456789abcdef")
        outcome = await one.outcome(within="1 min")
        other = await site.propose(lowered, reason="once", key="0123456789abcdef")
    assert one.id == other.id
    assert outcome.state == "COMPLETE"
    assert outcome.kept is None


@pytest.mark.parametrize(
    ("writes", "error", "words"),
    [
        ({"PIC-1O2.sp": "360"}, InvalidArguments, "did you mean 'PIC-102.sp'?"),
        ({"PIC-102.sp": "360 bar"}, InvalidArguments, "PIC-102.sp: '360 bar' is not taken"),
        ({"PT-102.pv": "360 kPa"}, InvalidArguments, "PT-102.pv cannot be written"),
    ],
)
async def test_wrong_proposal_is_refused_by_name(
    writes: dict[str, str], error: type[Exception], words: str, running: RunningSite
) -> None:
    async with Site.open(running.folder) as site:
        with pytest.raises(error, match=words.replace("?", r"\?")):
            await site.propose(writes, reason="wrong")


async def test_value_beyond_the_limits_is_refused(running: RunningSite) -> None:
    async with Site.open(running.folder) as site:
        with pytest.raises(PolicyViolation, match=r"9999 lies outside the limits 280 \.\. 420 kPa"):
            await site.propose({"PIC-102.sp": "9999 kPa"}, reason="wrong")


async def test_value_that_is_so_already_is_refused(running: RunningSite) -> None:
    async with Site.open(running.folder) as site:
        value = await site.read("LIC-101.sp", fresh=True)
        with pytest.raises(InterlockActive, match=r"LIC-101\.sp"):
            await site.propose({"LIC-101.sp": float(value)}, reason="as it is")


async def test_without_agents_it_reads_and_says_what_to_start(
    running: RunningSite, tmp_path: Path
) -> None:
    copy, ignored = tmp_path / "copy", shutil.ignore_patterns("var")
    shutil.copytree(running.folder, copy, ignore=ignored)
    async with Site.open(copy) as site:
        assert not site.has_agents
        assert (await site.read("PT-102.pv")).is_good
        with pytest.raises(NoAgents, match="next: handwheel run"):
            await site.propose(FLOW, reason="margin")


def test_intention_is_recorded_listed_and_withdrawn(
    running: RunningSite, capsys: pytest.CaptureFixture[str]
) -> None:
    said, site = said_by(capsys), ("--site", str(running.folder))
    question = ("plan-out", "P-101A", "tomorrow 14:00")
    code, out, _ = said("ask", *site, "--record", *question)
    told = re.search(r"^(I-\w{8}): recorded; at (\S+) ", out, re.MULTILINE)
    assert code == 0
    assert told is not None
    tomorrow = datetime.now().astimezone() + timedelta(days=1)
    assert told[2] == f"{tomorrow:%Y-%m-%d}"
    assert said("ask", *site, "--record", *question)[1].count(told[1]) == 2  # recorded once
    (found,) = json.loads(said("runs", "planned", *site, "--json")[1])
    assert (found["intention_id"], found["playbook"], found["text"]) == (
        told[1], "cw/pump-bearing-changeover", " ".join(question),
    )  # fmt: skip
    assert said("runs", "withdraw", told[1], *site)[:2] == (0, f"{told[1]}: withdrawn\n")
    assert said("runs", "planned", *site)[1] == "nothing is planned\n"
    code, _, wrong = said("runs", "withdraw", told[1], *site)
    assert (code, "is open" in wrong) == (2, True)
    assert said("ask", *site, "--record", "plan-out", "P-101A")[0] == 2


async def test_closed_site_says_how_to_open_it(running: RunningSite) -> None:
    with pytest.raises(InvalidArguments, match="async with"):
        await Site.open(running.folder).read("PT-102.pv")


def test_script_of_the_page_does_what_the_page_says(running: RunningSite, tmp_path: Path) -> None:
    listed = blocks((DOCS / "how-to/work-from-python.md").read_text(encoding="utf-8"))
    (script,) = [each for each in listed if each.title == "margin.py"]
    (tmp_path / "margin.py").write_text("\n".join(script.lines))
    shown = listed[listed.index(script) + 1]
    done = subprocess.run(
        (sys.executable, "margin.py"), cwd=tmp_path, env={"HANDWHEEL_SITE": str(running.folder)},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.stderr == ""
    assert fits(shown.lines, done.stdout, is_live=True), done.stdout


def test_outcome_matches_by_state_and_reason() -> None:
    match Outcome("REJECTED", None, "not now"):
        case Outcome(state="REJECTED", reason=why):
            assert why == "not now"
        case _:
            pytest.fail("it is a value to match")
