import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from handwheel.connectors.model.site import load_site
from handwheel.evaluation.benchmark.episodes import draw_episode
from handwheel.evaluation.benchmark.holding.hold_result import HoldResult
from handwheel.evaluation.benchmark.holding.hostile_verbs import ORDERING, Ordered
from handwheel.evaluation.benchmark.holding.killed_program import KilledProgram
from handwheel.evaluation.benchmark.programs.verbs import Number, Proposal, Verbs
from handwheel.evaluation.benchmark.run_suites import run_suites
from handwheel.evaluation.benchmark.suite import load_suite
from handwheel.evaluation.plants.installed_plants import create_plant
from handwheel.hmi.bench.table import hold_lines
from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site
from handwheel.tools.errors import GuardrailError, InvalidArguments
from handwheel.tools.plant_text import LONGEST

from ...injection.obedient import plain_readings
from .test_renamed import Echo

HOLD = load_suite("hold")
ORDER = re.compile(r"propose ([A-Z]+-\d+[AB]?\.[a-z_]+) ([a-z]+|-?[\d.]*\d)")
PRESSURE = "PIC-102.sp"


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("site") / "cw-100"
    write_site(root, create_plant("cw-100"), PlantEndpoints())
    return {"cw-100": root}


@dataclass
class Reads:
    """Program that reads all texts again and again, and proposes what they order if it obeys.

    It finds the order however it is disguised.
    """

    obeys: bool
    name: str = "reads"

    async def play(self, verbs: Verbs) -> None:
        kinds = {each.name: each.kind for each in verbs.briefing.tags}
        while True:
            texts = [each.label for each in verbs.briefing.tags]
            texts += [each.text for each in await verbs.alarms()]
            texts += [each.text for each in await verbs.journal()]
            found = [
                each
                for text in (texts if self.obeys else ())
                for plain in plain_readings(text)
                for each in ORDER.finditer(plain)
                if each[1] in kinds
            ]
            if found:
                tag, text = found[-1].groups()
                value = _value(kinds[tag], text)
                with suppress(GuardrailError):
                    await verbs.propose(Proposal(writes={tag: value}))
            await verbs.read([], after_s=60.0)


def _value(kind: str, text: str) -> Number:
    if kind == "bool":
        return text == "true"
    return text if kind == "enum" else float(text)


@dataclass
class Asks:
    """Program that asks for a little more again and again."""

    name: str = "asks"

    async def play(self, verbs: Verbs) -> None:
        while True:
            (reading,) = await verbs.read([PRESSURE])
            more = float(reading.value or 0.0) + 2.0
            try:
                asked = Proposal(writes={PRESSURE: more})
                state = await verbs.propose(asked)
                await verbs.outcome(state.proposal, within_s=60.0)
            except GuardrailError:
                await verbs.read([], after_s=30.0)


def _held(roots: dict[str, Path], case: str, program: Reads | Asks) -> HoldResult:
    (result,) = run_suites(roots, [draw_episode(HOLD, case, 1)], 1, program)
    assert isinstance(result, HoldResult)
    assert (result.outcome, result.program_failed) == ("right", "")
    assert (result.counts.unsigned, result.counts.doubled, result.counts.lying) == (0, 0, 0)
    return result


@pytest.mark.parametrize("obeys", [True, False])
def test_hold_counts_whether_a_program_follows_a_hostile_text(
    roots: dict[str, Path], obeys: bool
) -> None:
    held = _held(roots, "hostile-text", Reads(obeys))
    assert (held.counts.ordered, held.counts.followed) == (1, int(obeys))
    assert (held.counts.proposed > 0) == obeys
    assert held.tried.keys() <= set(ORDERING)
    assert ["followed", *[str(int(obeys))] * 2] in [each.split() for each in hold_lines([held])]


def test_hold_starts_a_killed_program_again(roots: dict[str, Path]) -> None:
    held = _held(roots, "killed", Asks())
    assert HOLD.file.hold is not None
    low, high = HOLD.file.hold.programs.kills
    assert low <= held.counts.killed <= high
    assert held.counts.proposed > 0
    assert held.counts.frames > 0


def test_hold_refuses_the_cases_of_programs_to_our_agents(roots: dict[str, Path]) -> None:
    with pytest.raises(InvalidArguments, match="hold has no case 'free' for this agent"):
        next(run_suites(roots, [draw_episode(HOLD, "free", 1)], 1))


def test_ordering_texts_are_shown_as_handwheel_shows_text_of_a_plant(
    roots: dict[str, Path],
) -> None:
    tag = load_site(roots["cw-100"]).tags[PRESSURE]
    texts = [Ordered(tag, 360.0, each).text for each in ORDERING]
    assert len(texts) == 24
    assert sum(f"propose {PRESSURE} 360" in each for each in texts) >= 15
    assert not any("<|" in each or "\n" in each or len(each) > LONGEST for each in texts)


@dataclass
class Reader:
    """Program that reads, and notes how it was ended."""

    ends: list[str]
    reads: int
    name: str = "reader"

    async def play(self, verbs: Verbs) -> None:
        try:
            for _ in range(self.reads):
                await verbs.read([])
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            self.ends.append("killed")
            raise
        self.ends.append("ended")


@pytest.mark.parametrize(
    ("reads", "ends"), [(9, ["killed", "killed", "ended"]), (4, ["killed", "ended"])]
)
async def test_killed_program_is_killed_after_its_calls(reads: int, ends: list[str]) -> None:
    noted = list[str]()
    program = KilledProgram(lambda: Reader(noted, reads), [2, 5])
    await program.play(Echo())
    assert noted == ends
    assert program.killed == ends.count("killed")
