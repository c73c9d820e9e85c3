"""Each thing that is taken away from the gate is noticed by the test that the page names."""

import pytest

from .catalogue import MUTANTS
from .mutant import Mutant
from .trial import complaint, run

pytestmark = [pytest.mark.soak, pytest.mark.timeout(900)]


def test_as_it_is_the_gate_passes_every_one_of_these_tests() -> None:
    trial = run(sorted({each.test for each in MUTANTS}))
    assert trial.is_passed, trial.output


@pytest.mark.parametrize("mutant", MUTANTS, ids=[each.id for each in MUTANTS])
def test_what_is_taken_away_is_noticed(mutant: Mutant) -> None:
    assert complaint(mutant, run([mutant.test], mutant.id)) == ""
