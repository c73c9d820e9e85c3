"""Scripted chat model, for tests of agents without a language model."""

from collections.abc import Callable, Sequence
from typing import Any, Self

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult

Answer = Callable[[Sequence[BaseMessage]], AIMessage]


class FunctionModel(BaseChatModel):
    """Chat model whose answers a function gives.

    Args:
        answer: Takes the messages so far and returns the next one, perhaps with tool calls.
    """

    answer: Answer

    def __init__(self, answer: Answer) -> None:
        fields: dict[str, Any] = {"answer": answer}
        super().__init__(**fields)

    def bind_tools(self, tools: Sequence[Any], **options: Any) -> Self:
        """Returns itself, since the function decides which tools it calls."""
        del tools, options
        return self

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **options: Any,
    ) -> ChatResult:
        del stop, run_manager, options
        return ChatResult(generations=[ChatGeneration(message=self.answer(messages))])

    @property
    def _llm_type(self) -> str:
        return "function"
