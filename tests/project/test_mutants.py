"""Each mutant can be put in place, and its test exists."""

import pytest

from ..mutants.catalogue import MUTANTS


def test_each_has_an_id_of_its_own_and_can_be_put_in_place() -> None:
    """Code that a mutant replaces is still there under that name."""
    assert len({each.id for each in MUTANTS}) == len(MUTANTS)
    for mutant in MUTANTS:
        with pytest.MonkeyPatch.context() as patch:
            mutant.apply(patch)


def test_the_test_that_each_names_is_one_that_runs(request: pytest.FixtureRequest) -> None:
    if request.config.args != request.config.getini("testpaths"):
        pytest.skip("it takes all tests to tell; this run has collected some")
    ids = {item.nodeid for item in request.session.items}
    tests = ids | {each.partition("[")[0] for each in ids}
    assert {each.test for each in MUTANTS} - tests == set()
