"""Tasks of the suite `triage` and its rows, without a model and with one that answers at once."""

from handwheel.agents.planning.model.question import Question, question_of
from handwheel.evaluation.benchmark.triage.run_triage import ask_model, without_model
from handwheel.evaluation.benchmark.triage.tasks import NONE, load_tasks

from ...agents.planning.model.fake_models import FakeEndpoint, pooled, said


def test_ten_tasks_stand_in_four_orders_each() -> None:
    tasks = load_tasks()
    assert len({each.name for each in tasks}) == 10
    for name in {each.name for each in tasks}:
        orders = [
            tuple(one["name"] for one in each.case.candidates)
            for each in tasks
            if each.name == name
        ]
        assert len(set(orders)) == 4
    for each in tasks:
        assert each.right in {NONE, *(one["name"] for one in each.case.candidates)}


def test_every_tag_of_a_task_has_a_label() -> None:
    plain, labelled = load_tasks(), load_tasks(has_labels=True)
    assert all("(" not in question_of(each.case).text for each in plain)
    for each in labelled:
        facts = question_of(each.case).text.partition("Candidates:")[0]
        assert facts.count("(") == facts.count(" is ")


def test_the_rows_without_a_model_are_as_published() -> None:
    rows = {each.chooser: each for each in without_model()}
    assert {name: (round(row.right, 2), row.n) for name, row in rows.items()} == {
        "random": (8.47, 40), "words": (13, 40), "rules": (9, 40),
    }  # fmt: skip
    labelled = {each.chooser: each.right for each in without_model(has_labels=True)}
    assert (labelled["words"], labelled["rules"]) == (17, 9)


async def test_a_valid_answer_is_not_a_right_one() -> None:
    def first_or_nonsense(question: Question) -> str:
        name = str(question.offers[0]["name"])
        return "?" if name == "cw/impeller-worn" else said(name)

    model = pooled("first", FakeEndpoint(first_or_nonsense), budget={"calls": 100})
    row = await ask_model(model, load_tasks(), lambda: None)
    assert (row.right, row.n) == (9, 40)
    assert (row.valid, row.tokens) == (38, (40 * 100, 40 * 20))
