"""`handwheel runs` as a process of its own, while this one works on the run, or does not."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from subprocess import CompletedProcess
from time import monotonic, sleep

from handwheel.playbooks.engine.run import Run
from handwheel.playbooks.engine.states import EventKind
from handwheel.playbooks.execution.event_log import RunLog
from handwheel.tools.guardrails.approval.run_orders import RunOrder

from ...command_line import handwheel, handwheel_process
from .run_site import Place, stay

KINDS = {
    "hold": EventKind.HOLDING, "stop": EventKind.STOPPING, "resume": EventKind.RESUMING,
}  # fmt: skip


def run(place: Place, *words: str) -> CompletedProcess[str]:
    stay(place)
    done = handwheel("runs", *words, f"--site={place.site.root}")
    place.catch_up()
    return done


def here(place: Place) -> str:
    """Returns the option with which a printed command names the site."""
    return f" --site {place.site.root}"


def _take(log: RunLog, order: RunOrder, veto: str) -> None:
    about = {"reason": veto or f"{order.order} ordered by {order.person}", "order": order.number}
    if veto:
        more = {"asked": order.order, "person": order.person}
        log.record(EventKind.ORDER_REFUSED, **about, **more)
    else:
        log.record(KINDS[order.order], **about)


def _follow(log: RunLog, veto: str, more: Callable[[RunLog], None]) -> Run:
    """Works on the run, as `handwheel run` does, until it has dealt with one order."""
    until_s = monotonic() + 60.0
    while log.run.orders == 0 and monotonic() < until_s:
        for order in log.new_orders():
            _take(log, order, veto)
        sleep(0.02)
    more(log)
    return log.run


def _nothing(log: RunLog) -> None:
    del log


def typed(
    place: Place,
    words: list[str],
    veto: str = "",
    more: Callable[[RunLog], None] = _nothing,
) -> CompletedProcess[str]:
    """Types an order while this process works on the run."""
    with ThreadPoolExecutor() as pool:
        stay(place)  # here: the ledger is this thread's
        done = pool.submit(handwheel_process, "runs", *words, f"--site={place.site.root}")
        _follow(place.log(), veto, more)
        return done.result()
