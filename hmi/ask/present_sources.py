"""Plant and gate as of now, of which answers are made."""

import asyncio
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from time import monotonic

from handwheel.agents.lookahead.foretell import foretell
from handwheel.agents.lookahead.load import load_twin
from handwheel.agents.lookahead.prediction import Prediction
from handwheel.agents.lookahead.twin import Move, TwinError
from handwheel.agents.memory.alike_cases import alike_to_case
from handwheel.agents.questions.sources import FoundPlans, Ruled, Sources
from handwheel.connectors.client.site_reader import read_reachable
from handwheel.connectors.historian.recorded_history import RecordedHistory
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import DataValue
from handwheel.playbooks.execution.plant_view import PlantView
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.requests.timestamps import instant_now
from handwheel.tools.requests.values import parse_value

from ..people.signing import open_context
from ..requests.assessment.twin_record import TwinRecord, limited
from ..site.commissioning.policy_explain_text import ANYBODY, explain_context, explain_write
from .possible_plans import possible_plans


@dataclass(slots=True)
class PresentSite:
    """Plant, policy and twin of a site as of now, see `Plant`. It changes nothing."""

    context: DecisionContext
    down: dict[str, str] = field(default_factory=dict[str, str])  # connections, with the reason
    found: FoundPlans | None = None  # plans that were asked for
    _values: dict[str, DataValue] = field(default_factory=dict[str, DataValue])

    def read(self, tags: Sequence[Tag]) -> Mapping[str, DataValue]:
        """Returns the present values of tags, each read once for a question.

        A connection that is down leaves its tags out and is in `down`. Effect: OBSERVE. Retry:
        twice, on the connection only. Timeout: the connections'.
        """
        new = [each for each in tags if each.name not in self._values]
        if new:
            found, down = asyncio.run(read_reachable(self.context.site, new))
            self._values |= found
            self.down |= down
        return {each.name: self._values[each.name] for each in tags if each.name in self._values}

    def ruled(self, tag: Tag, text: str) -> Ruled:
        """Returns what keeps a person from a write now, as `handwheel policy explain` says it."""
        try:
            value = parse_value(tag, text)
        except InvalidArguments as error:
            return Ruled((str(error),), ())
        if not self.context.site.hashes["policy"]:  # without a policy nothing may be proposed
            return Ruled(self.context.policy.judge(tag, value, None).reasons, ())
        _, found = asyncio.run(explain_write(explain_context(self.context), tag, value, ANYBODY))
        return Ruled(found.denials, found.obstacles)

    def foretold(self, tag: Tag, text: str) -> Prediction:
        """Returns the courses without and with a write, by the site's twin on recorded values.

        Raises:
            TwinError: The site has no twin, or it cannot tell.
            InvalidArguments: The value is none of the tag.
        """
        value, site = parse_value(tag, text), self.context.site
        own, problems = load_twin(site)
        if own is None:
            raise TwinError(str(problems[0]) if problems else "this site has no twin")
        record = TwinRecord(own, site)
        with closing(RecordedHistory.of(site)) as recorded:
            PlantView.of((), site.clock_tag).preload(recorded, monotonic(), record)
        if missing := [each for each in own.twin.tags if record.windows.latest(each) is None]:
            raise TwinError(f"{own.name}: the record lacks {missing[0]}, which it needs")
        with limited():
            found = foretell(own, record.windows, [Move(tag.name, float(value), 0.0)])
        courses, told = (found.without, found.with_plan), found.estimate
        return Prediction(
            own.name, own.horizon_s, *courses, (), None, own.trust, told.assumptions, told.off
        )

    def alike(self, case_id: str) -> Sequence[str]:
        """Returns lines about earlier cases that are like a case."""
        found = alike_to_case(self.context.database, self.context.site, case_id)
        return found.lines if found else []

    def plans(self, equipment: str) -> FoundPlans:
        """Returns the plans that take equipment out of service, as they stand now."""
        self.found = possible_plans(self.context, equipment, self.read)
        return self.found


@contextmanager
def present_sources(site: Site) -> Generator[tuple[Sources, PresentSite]]:
    """Opens the sources of a site as of now, so that all times of an answer have one end."""
    now = instant_now().wall
    with (
        open_context(site, needs_policy=False) as context,
        closing(RecordedHistory.of(site, now.timestamp)) as recorded,
    ):
        plant = PresentSite(context)
        yield Sources(site, now, context.database, recorded, plant), plant
