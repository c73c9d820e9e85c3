"""`handwheel runs`: what is shown of a run, and what a person may tell it."""

import json
from typing import Any

import pytest

from handwheel.playbooks.engine.states import EventKind
from handwheel.playbooks.execution.event_log import RunLog

from .run_site import FIRST, RUN, SECOND, Place, enrol, leave
from .typed_orders import here, run, typed

OTHER = "U-00000002"


def _listed(place: Place, *words: str) -> list[dict[str, Any]]:
    done = run(place, "list", "--json", *words)
    assert (done.returncode, done.stderr) == (0, "")
    return list(json.loads(done.stdout))


def test_the_list_has_the_open_ones_and_all_has_all(live: Place) -> None:
    assert run(live, "list").stdout == f"no open run; next: handwheel runs list --all{here(live)}\n"
    assert run(live, "list", "--all").stdout == "no runs\n"
    log = live.open(OTHER)
    log.record(EventKind.NOT_STARTED, reason="cavitation", blocked_by=["cavitation"], suggested="")
    live.ask(live.open())
    (found,) = _listed(live)
    assert (found["run_id"], found["state"], found["step"]) == (RUN, "WAITING_APPROVAL", "start")
    assert found["waits_for"].startswith(f"approval of {FIRST} by operator, ")
    assert [each["run_id"] for each in _listed(live, "--all")] == [OTHER, RUN]
    line = run(live, "list", "--all").stdout.splitlines()[0]
    assert line.startswith(f"{OTHER}  NOT_STARTED ")
    assert line.endswith("test/pumps  cavitation")


def test_a_run_that_nobody_works_on_is_held(live: Place) -> None:
    live.ask(live.open())
    leave(live)
    (found,) = _listed(live)
    assert (found["state"], found["recorded_state"]) == ("HELD", "WAITING_APPROVAL")
    assert (found["reason"], found["waits_for"]) == ("the agents have stopped", "agents")
    step = f"  the agents have stopped  waits for agents; next: handwheel run{here(live)}\n"
    assert run(live, "list").stdout.endswith(step)


def test_the_list_ends_a_held_run_with_the_order_that_leads_on(live: Place) -> None:
    log = live.held()
    (line,) = run(live, "list").stdout.splitlines()
    assert line.endswith(f"; next: handwheel runs resume {RUN}{here(live)}")
    log.record(EventKind.ABORTING, reason="abort ordered by carl", goal="aborted")
    log.record(EventKind.ABORTED, reason="abort ordered by carl")
    (line,) = run(live, "list").stdout.splitlines()
    assert line.endswith(f"waits for a person: clear; next: handwheel runs clear {RUN}{here(live)}")


def test_show_has_everything_for_programs(live: Place) -> None:
    live.held()
    done = run(live, "show", "u-7k", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert told["opening"]["title"] == "The duty pump shakes"
    assert [each["id"] for each in told["judgement"]["findings"]] == [
        "shakes",
        "strainer",
        "header",
    ]
    assert [(each["step"], each["state"]) for each in told["steps"]] == [
        ("start", "PENDING"), ("stop", "PENDING"),
    ]  # fmt: skip
    assert [each["request_id"] for each in told["requests"]] == [FIRST]
    kinds = [each["kind"] for each in told["events"]]
    assert kinds == ["opened", "judged", "filed", "holding", "held"]
    assert run(live, "show", RUN).stdout.startswith(f"━━ {RUN}  PUMPS-101 ━")


@pytest.mark.parametrize("word", ["show", "hold", "abort"])
def test_an_unknown_run_is_a_wrong_use(live: Place, word: str) -> None:
    live.held()
    done = run(live, word, "U-9")
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        done.stderr == "handwheel: 'U-9' is no run of this site; "
        f"next: handwheel runs list --all{here(live)}\n"
    )


def test_a_beginning_must_be_one_runs(live: Place) -> None:
    live.open()
    live.open("U-7K000000", "P-101A")
    done = run(live, "show", "U-7K")
    assert (done.returncode, done.stderr) == (
        2, "handwheel: 'U-7K' begins more than one run: U-7K3MQ2XA, U-7K000000\n",
    )  # fmt: skip


def test_an_order_that_does_not_fit_the_state_is_refused_before_anything_is_asked(
    live: Place,
) -> None:
    live.ask(live.open())
    for word in ("resume", "clear"):
        done = run(live, word, RUN)
        assert (done.returncode, done.stdout) == (1, "")
        assert (
            done.stderr == f"handwheel: {word} is not possible for a run that is WAITING_APPROVAL\n"
        )
    live.log().record(EventKind.HOLDING, reason="carl", at_once=True)
    live.log().record(EventKind.HELD, reason="carl")
    done = run(live, "hold", RUN)
    assert done.stderr == "handwheel: hold is not possible for a run that is HELD: carl\n"
    assert live.log().new_orders() == []


@pytest.mark.parametrize("word", ["hold", "stop"])
def test_an_order_to_a_run_that_nobody_works_on_waits(live: Place, word: str) -> None:
    live.held() if word == "stop" else live.open()
    leave(live)
    done = run(live, word, RUN)
    if word == "hold":  # it is held already: nobody works on it
        assert (done.returncode, done.stdout) == (1, "")
        assert "hold is not possible for a run that is HELD: the agents" in done.stderr
        return
    told = f"stop {RUN}: recorded; next: handwheel run{here(live)}\n"
    assert (done.returncode, done.stdout) == (4, told)
    (order,) = live.log().new_orders()
    assert (order.order, order.person != "") == ("stop", True)


def test_a_run_that_follows_is_shown_in_its_new_state(live: Place) -> None:
    live.ask(live.open())

    def settle(log: RunLog) -> None:
        log.record(EventKind.HELD, reason=log.run.reason)

    done = typed(live, ["hold", RUN], more=settle)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{RUN}  HELD  hold ordered by ")


def test_a_signed_order_is_said_in_words_signed_and_followed(live: Place) -> None:
    live.held()
    file = enrol(live.site.root, "anna", "operator")

    def check(log: RunLog) -> None:
        live.file(SECOND)
        log.record(EventKind.FILED, request_id=SECOND, steps=["start"], within_s=1800.0)

    done = typed(live, ["resume", RUN, "--as=anna", f"--passphrase-file={file}"], more=check)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[:3] == [
        f"{RUN}  The duty pump shakes",
        "state HELD: hold ordered by carl",
        "resume: the run evaluates evidence and permissives again and requests the remaining "
        "steps; nothing is written before an approval",
    ]
    assert lines[3].startswith(f"{RUN}  WAITING_APPROVAL")
    assert "resume by anna" in run(live, "show", RUN).stdout


def test_a_run_that_refuses_says_why(live: Place) -> None:
    live.held()
    file = enrol(live.site.root, "anna", "operator")
    words = ["resume", RUN, "--as=anna", f"--passphrase-file={file}"]
    done = typed(live, words, veto="it began under another policy")
    assert done.returncode == 1
    assert done.stderr == f"handwheel: {RUN} does not resume: it began under another policy\n"
    assert "! " in run(live, "show", RUN).stdout


def test_nobody_signs_without_every_role_that_the_run_asked_for(live: Place) -> None:
    log = live.open()
    live.ask(log, FIRST, "operator", "shift-supervisor")
    log.record(EventKind.HOLDING, reason="x", at_once=True)
    log.record(EventKind.HELD, reason="x")
    file = enrol(live.site.root, "anna", "operator")
    done = run(live, "abort", RUN, "--as=anna", f"--passphrase-file={file}")
    assert done.returncode == 1
    assert "anna lacks a role that is needed to abort" in done.stderr
    assert live.log().new_orders() == []


def test_an_abort_says_what_it_takes_back_and_waits_for_a_process(live: Place) -> None:
    live.held()
    leave(live)
    file = enrol(live.site.root, "anna", "operator")
    done = run(live, "abort", RUN, "--as=anna", f"--passphrase-file={file}")
    assert (done.returncode, done.stderr) == (4, "")
    assert done.stdout.splitlines()[2:] == [
        "abort: the run is rolled back by the approved undo, newest action first",
        "  nothing to undo: no action with an undo was sent",
        f"abort {RUN}: recorded; next: handwheel run{here(live)}",
    ]
    (order,) = live.log().new_orders()
    assert (order.order, order.person, order.signed is not None) == ("abort", "anna", True)


def test_what_was_being_taken_back_does_not_resume(live: Place) -> None:
    log = live.held()
    log.record(EventKind.ABORTING, reason="x", goal="rollback")
    log.record(EventKind.HOLDING, reason="taking back: stuck", at_once=True)
    log.record(EventKind.HELD, reason="taking back: stuck")
    assert _listed(live)[0]["waits_for"].startswith("a person: abort to undo")
    done = run(live, "resume", RUN)
    assert (done.returncode, done.stdout) == (1, "")
    assert (
        done.stderr == f"handwheel: {RUN} was being rolled back; "
        f"next: handwheel runs abort {RUN}{here(live)}\n"
    )
