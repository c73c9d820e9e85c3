"""Cases of a program, read back from what the journal keeps of a diagnosis."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handwheel import Evidence, OpenCase
from handwheel.agents.deviations.case import Case
from handwheel.agents.diagnosis.failure_modes import ModeSpec
from handwheel.agents.diagnosis.hypotheses import Hypotheses, Hypothesis
from handwheel.agents.diagnosis.ranking import rank
from handwheel.agents.diagnosis.weigh import Weighed
from handwheel.agents.guests.followed_requests import case_fields
from handwheel.agents.planning.situation import Situation
from handwheel.agents.planning.verdict import case_ranking
from handwheel.connectors.model.site import Site
from handwheel.tools.conditions import Truth
from handwheel.tools.requests.canonical import canonical, parse_canonical

from ..sites.in_memory import make_site

NUMBERS = st.floats(-1e9, 1e9)
EVIDENCE = st.builds(
    Evidence,
    id=st.just("sign"),
    text=st.just("a sentence"),
    truth=st.sampled_from(Truth),
    measured=st.none() | NUMBERS,
    unit=st.sampled_from(["", "kPa"]),
    threshold=st.none() | NUMBERS,
    weight_db=st.floats(-30.0, 30.0),
    tags=st.lists(st.sampled_from(["PT-102.pv", "FT-101.pv"])).map(tuple),
    window_s=st.floats(0.0, 1e6),
    source=st.just("own"),
)
SIGN = {"id": "sign", "that": "true", "met_db": 10, "not_met_db": -10}
MODE = ModeSpec.model_validate({"id": "worn", "title": "worn", "prior_db": -10, "signs": [SIGN]})
WORN = Hypothesis("worn", "worn", MODE, (), (), {})


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return make_site(tmp_path_factory.mktemp("site"))


@given(st.lists(EVIDENCE, max_size=3).map(tuple), st.floats(0.0, 40.0), st.floats(0.0, 1.0))
def test_case_has_the_evidence_that_was_weighed(
    site: Site, evidence: tuple[Evidence, ...], total_db: float, coverage: float
) -> None:
    ranking = rank([Weighed(WORN, evidence, total_db, coverage)], Hypotheses((), {}))
    situation = Situation("", [], {}, hypotheses=["worn"], named=["worn"])
    judged = {"diagnosis": case_ranking(ranking, situation, lambda _: ())}
    journalled = Case("C-1", judgement=parse_canonical(canonical(judged)))
    told = json.loads(json.dumps(case_fields(journalled, site)))
    (found,) = OpenCase.of_fields(told).hypotheses
    assert found.evidence == evidence
    assert found.is_named == bool(ranking.named)
