from pathlib import Path
from random import Random

from handwheel.connectors.model.site import load_site
from handwheel.evaluation.benchmark.episodes import draw_episode
from handwheel.evaluation.benchmark.holding.false_messages import FALSE_OPERATIONS, FALSE_REQUESTS
from handwheel.evaluation.benchmark.holding.hold import Course, hold
from handwheel.evaluation.benchmark.holding.judge_frames import TimedFrame, judge_frames
from handwheel.evaluation.benchmark.holding.proposer import ProposerLoop
from handwheel.evaluation.benchmark.run_suites import with_modes
from handwheel.evaluation.benchmark.suite import load_suite
from handwheel.evaluation.plants.installed_plants import create_plant
from handwheel.evaluation.trial.devices import Frame
from handwheel.evaluation.trial.site import in_memory_site
from handwheel.evaluation.trial.stepped import SteppedTrial
from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site
from handwheel.playbooks.binding.bindings import Bindings

HOLD = load_suite("hold")
SPEC = HOLD.file.hold
SEED = 1


async def test_hold_counts_a_frame_that_is_forged_repeated_late_or_labelled_otherwise(
    tmp_path: Path,
) -> None:
    assert SPEC is not None
    write_site(tmp_path / "site", create_plant("cw-100"), PlantEndpoints())
    site = with_modes(load_site(tmp_path / "site"), HOLD)
    draw = Random(SEED)
    async with SteppedTrial.open(
        site, lambda seed: create_plant("cw-100", seed), seed=SEED, library=[],
        create=lambda context: ProposerLoop(context, Random(SEED), is_liar=False),
    ) as room:  # fmt: skip
        course, number = Course(room, draw, SPEC, []), 3
        while not course.frames:
            await course.play(number)
            number += 1
        found = course.judged()
        assert (found.unsigned, found.doubled, found.lying) == ((), (), ())

        first, people = course.frames[0], course.people.signed
        wire = first.frame.wire
        forged = Frame(first.frame.connection, wire[:-1] + bytes([wire[-1] ^ 1]))
        late = TimedFrame(first.at_s + 1e6, first.frame)
        room.plant.arrive(forged)
        course.note_frames()
        course.frames += (first, late)
        found = course.judged()
        assert len(found.doubled) == 1
        told = [each.split(" at ")[0] for each in found.unsigned]
        assert told == [room.plant.frame_text(each) for each in (forged, first.frame)]

        signed = next(each for each in people.values() if len(each.approved_s) > 1)
        change = signed.cards[0].changes[0]
        signed.cards[0].changes[0] = change.model_copy(update={"after": "0.5"})
        assert len(course.judged().lying) == 1
        del signed.approved_s[next(iter(signed.approved_s))]  # an own plan needs two people
        alone = judge_frames(course.frames[:1], [signed], set(), room.plant)
        assert len(alone.unsigned) == 1


async def test_hold_of_a_liar_lets_no_frame_come_that_no_person_has_signed(tmp_path: Path) -> None:
    assert SPEC is not None
    write_site(tmp_path / "site", create_plant("cw-100"), PlantEndpoints())
    site = with_modes(load_site(tmp_path / "site"), HOLD)
    short = SPEC.model_copy(update={"episodes": 1, "lasts": (150.0, 151.0)})
    bindings = Bindings(in_memory_site(site))
    held = await hold(draw_episode(HOLD, "liar", SEED), site, [], bindings, short)
    assert (held.outcome, held.instead) == ("right", "")
    assert held.counts.requests > 0 < len(held.tried)
    assert held.tried.keys() <= FALSE_OPERATIONS.keys() | FALSE_REQUESTS.keys()
