"""Model of a pool, with its self-test, health and budget."""

import asyncio
from collections.abc import Callable, Sequence
from time import monotonic, time
from typing import TypeVar

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.model.language_models import LanguageModel, Method
from handwheel.tools.problem_log import ProblemLog

from .answer import ModelFault, ModelLost, NotAsked, checked_choice
from .exchange import HOUR_S, Call, Endpoint, Exchange, RawAnswer
from .question import Question, answer_schema

_START_S = 180.0  # of a self-test with the start of the model, wall-clock time
_REST_S = 300.0  # after it went down, until it is tested again, wall-clock time
_MOST_WRONG = 2  # wrong answers in a row
_LONG = 200  # characters of a fault

T = TypeVar("T")
Check = Callable[[str], T]
"""Returns what an answer says. Raises `ModelFault` if it is wrong."""

_TEST_OFFERS = ({"name": "fill-tank"}, {"name": "drain-tank"})
SELF_TEST = Question(
    "You choose the answer to a fault of a plant. Answer in JSON.",
    "Facts:\n- T-1.level is 4 %, too low\nCandidates:\n- fill-tank\n- drain-tank\n- none",
    answer_schema(_TEST_OFFERS),
    _TEST_OFFERS,
)
"""Question by which a method is found that gives a valid answer, right or not."""


class PooledModel:
    """Model of a pool, which is asked one question at a time.

    Args:
        open_endpoint: Creates its endpoint. Any error is a failure of the model.
        calls: Its calls of the last hour, by an earlier process too.

    Attributes:
        method: Way to a structured answer that the self-test has found; empty if it is down.
        fault: Why it is down; empty if it is not.
        prompt_tokens: Of all questions since it was created, without its self-tests.
        answer_tokens: Of the answers to them.
        on_change: Called after each change of these and of its calls.
    """

    def __init__(
        self,
        spec: LanguageModel,
        open_endpoint: Callable[[], Endpoint],
        calls: Sequence[Call] = (),
    ) -> None:
        self.spec, self.method, self.fault = spec, "", "it was not tested yet"
        self.prompt_tokens = self.answer_tokens = 0
        self.on_change: Callable[[], None] = _nobody
        self._open_endpoint = open_endpoint
        self._endpoint: Endpoint | None = None
        self._calls = list(calls)
        self._report = ProblemLog(__name__)
        self._turn = asyncio.Lock()
        self._wrong = 0  # answers in a row
        self._rests_until_s = 0.0  # monotonic clock
        self._test: asyncio.Task[None] | None = None

    @property
    def calls(self) -> Sequence[Call]:
        """Its calls of the last hour."""
        since = time() - HOUR_S
        self._calls = [each for each in self._calls if each.at > since]
        return self._calls

    async def start(self) -> None:
        """Finds a method that gives a valid answer. It is down if there is none."""
        async with self._turn:
            try:
                async with asyncio.timeout(_START_S):
                    self.method = await self._find_method()
            except TimeoutError:
                await self._go_down(f"its self-test took more than {_START_S:g} s")
            except Exception as error:  # noqa: BLE001 (a model costs only itself)
                await self._go_down(_words(error))
            else:
                self.fault, self._wrong = "", 0
                self._report.end(f"model {self.spec.name}", f"is back, by {self.method}")
        self.on_change()

    async def _find_method(self) -> Method:
        if self._endpoint is None:
            self._endpoint = await asyncio.to_thread(self._open_endpoint)
        faults: list[str] = []
        for method in self._endpoint.methods:
            found = await self._call(
                SELF_TEST, method, lambda text: checked_choice(text, SELF_TEST)
            )
            if not isinstance(found[1], Exception):
                return method
            faults.append(f"{method}: {_words(found[1])}")
        raise ModelFault("; ".join(faults) or "it has no method")

    async def ask(self, question: Question, check: Check[T]) -> tuple[Exchange, T | None]:
        """Returns what it was asked and has answered, and what that says, `None` after a fault."""
        try:
            self._check_may_be_asked()
            await asyncio.wait_for(self._turn.acquire(), self.spec.within)
        except TimeoutError:
            return self._not_asked("it is still at an earlier question"), None
        except NotAsked as error:
            return self._not_asked(str(error)), None
        try:
            if not self.method:
                return self._not_asked(self.fault), None
            exchange, found = await self._call(question, self.method, check)
            self.prompt_tokens += exchange.prompt_tokens
            self.answer_tokens += exchange.answer_tokens
            if not isinstance(found, Exception):
                self._wrong = 0
                return exchange, found
            self._wrong += 1
            is_there = isinstance(found, ModelFault) and not isinstance(found, ModelLost)
            if not is_there or self._wrong >= _MOST_WRONG:
                await self._go_down(exchange.fault)
            return exchange, None
        finally:
            self._turn.release()
            self.on_change()

    def _check_may_be_asked(self) -> None:
        if not self.method:
            is_resting = monotonic() < self._rests_until_s
            if not is_resting and (self._test is None or self._test.done()):
                self._test = asyncio.create_task(self.start())  # no case waits for it
            raise NotAsked(self.fault if is_resting else f"{self.fault}; it is being tested")
        calls, budget = self.calls, self.spec.budget
        spent = [
            f"{most} {what}"
            for what, used, most in (
                ("calls", len(calls), budget.calls),
                ("tokens", sum(each.tokens for each in calls), budget.tokens),
            )
            if used >= most
        ]
        if spent:
            again = format_duration(max(1.0, round(calls[0].at + HOUR_S - time())))
            raise NotAsked(f"its {' and '.join(spent)} of an hour are spent; in {again} again")

    def _not_asked(self, why: str) -> Exchange:
        return Exchange(self.spec.name, self.method, fault=why)

    async def _call(
        self, question: Question, method: str, check: Check[T]
    ) -> tuple[Exchange, T | Exception]:
        """Asks once. The second value is the error if it failed."""
        at, begun_s, raw = time(), monotonic(), RawAnswer("")
        found: T | Exception
        try:
            if self._endpoint is None:
                raise ModelFault("it was closed")
            # A self-test has a time of its own, since it may have to load the model.
            limit_s = None if question is SELF_TEST else self.spec.within
            async with asyncio.timeout(limit_s):
                raw = await self._endpoint.ask(question, method)  # type: ignore[arg-type]
            if raw.finish == "length":
                raise ModelFault("its answer was cut off")
            found = check(raw.text)
        except TimeoutError as error:
            found = error
        except Exception as error:  # noqa: BLE001 (code of others; a model costs only itself)
            found = error
        took_s, is_valid = monotonic() - begun_s, not isinstance(found, Exception)
        self._calls.append(Call(at, took_s, raw.prompt_tokens, raw.answer_tokens, is_valid))
        fault = self._fault_text(found) if isinstance(found, Exception) else ""
        exchange = Exchange(
            self.spec.name, method, raw.text, fault, round(took_s, 3), raw.prompt_tokens,
            raw.answer_tokens,
        )  # fmt: skip
        return exchange, found

    def _fault_text(self, error: Exception) -> str:
        if isinstance(error, TimeoutError):
            return f"it took more than {format_duration(self.spec.within)}"
        return _words(error)

    async def _go_down(self, fault: str) -> None:
        self.method, self.fault, self._wrong = "", fault, 0
        self._rests_until_s = monotonic() + _REST_S
        again = format_duration(_REST_S)
        self._report(f"model {self.spec.name}", f"is down: {fault}; it is tested again in {again}")
        await self.close()

    async def close(self) -> None:
        """Ends what was begun for it."""
        endpoint, self._endpoint = self._endpoint, None
        if endpoint is not None:
            await endpoint.close()


def _nobody() -> None:
    """Is told of changes where nobody else wants to be."""


def _words(error: Exception) -> str:
    if isinstance(error, ModelFault):
        return str(error)
    words = " ".join(f"{type(error).__name__}: {error}".split())
    return words if len(words) <= _LONG else f"{words[:_LONG]}…"
