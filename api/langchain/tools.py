"""Tools of a site as LangChain tools. A proposal waits until the ledger says that it is over."""

import json
import warnings
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool, ToolException
from langgraph.types import interrupt

from handwheel.connectors.errors import ConfigError, HandwheelError
from handwheel.tools.errors import GuardrailError, InvalidArguments
from handwheel.tools.toolset.definition import KEY
from handwheel.tools.toolset.effect import Effect, RetrySafety
from handwheel.tools.toolset.tool import Tool

from ..errors import BadQuality
from ..keyed_calls import keyed_calls
from ..request import Request
from ..site import Site
from ..site_tools import site_tools

REQUESTS = "handwheel_requests"
"""Key of an interrupt's value, under which it has the ids of the requests that it waits for."""
_CALL = "handwheel_tool_call_id"
_KEY_LENGTH = 32
_TASK = "langgraph_checkpoint_ns"  # in a call's metadata, the same when a node runs again
Filed = dict[str, dict[str, None]]
"""Ids of the requests that each run of a node has filed, in order.

A checkpoint keeps only the last interrupt of a node, which names them all.
"""
_REFUSALS = (BadQuality, GuardrailError, InvalidArguments)
"""Errors of what was not filed."""


def tools(site: Site, more: Iterable[Tool] = ()) -> list[BaseTool]:
    """Returns the tools of an open site, for `create_agent` or a graph of one's own.

    What a tool files has a key of thread, tool call and arguments, since LangGraph runs a node
    again when it resumes; so the graph needs a checkpointer and a `thread_id`. A tool of
    `Effect.ADVISE` interrupts the graph until each request that it filed is over, and `follow`
    resumes it. What a graph is resumed with only wakes it up. The outcome is read from the site's
    agents.

    A refusal is the tool's answer to the model. Where it is not known whether something was filed,
    as without agents, the graph ends with the error and may be run again.

    Args:
        more: Tools of your own, made by the decorator `tool`, or a `Toolset`.

    Raises:
        ConfigError: A tool of your own has the name of another one.

    Warns:
        UserWarning: A tool that `site.yaml` names cannot be used. It is left out.

    Effect: the tools'. Retry: by LangGraph, as each tool allows. Timeout: the tools', except the
    time for which a person decides.
    """
    toolset, problems = site_tools(site.files, more)
    if problems:
        warnings.warn(str(ConfigError(problems)), stacklevel=2)
    filed: Filed = {}
    return [_made(site, each, filed) for each in toolset]


def _made(site: Site, tool: Tool, filed: Filed) -> BaseTool:
    schema = dict(tool.schema)
    if tool.retry is RetrySafety.BY_KEY:  # the key is ours to give
        schema["properties"] = {k: v for k, v in schema["properties"].items() if k != KEY}
    return _SiteTool(
        name=tool.name,
        description=tool.docstring,
        args_schema=schema,
        handle_tool_error=True,
        site=site,
        tool=tool,
        filed=filed,
    )


class _SiteTool(BaseTool):
    """One tool with the site that it works on. A model reads an error as the tool's answer."""

    site: Any
    tool: Any
    filed: Any

    async def arun(
        self, tool_input: Any, *args: Any, tool_call_id: str | None = None, **kwargs: Any
    ) -> Any:
        """Runs the tool, which learns by which call of the model."""
        named = {**tool_input, _CALL: tool_call_id}
        return await super().arun(named, *args, tool_call_id=tool_call_id, **kwargs)

    async def _arun(self, config: RunnableConfig, **arguments: Any) -> str:
        call = arguments.pop(_CALL, None)
        tool: Tool = self.tool
        is_filing = tool.effect is Effect.ADVISE
        try:
            if is_filing:
                result = await self._file(config, _key(config, call, arguments), arguments)
            else:
                result = await tool.run(self.site, arguments)
            return json.dumps(tool.as_json(result), ensure_ascii=False)
        except HandwheelError as error:
            if is_filing and not isinstance(error, _REFUSALS):
                raise  # it may be filed already, so the node must run again
            raise ToolException(tool.error_text(error)) from error

    async def _file(self, config: RunnableConfig, key: str, arguments: Mapping[str, Any]) -> object:
        """Runs a tool that files, and waits until each request that its node filed is over."""
        filed_by_node: Filed = self.filed
        tool: Tool = self.tool
        given = {**arguments, KEY: key} if tool.retry is RetrySafety.BY_KEY else arguments
        result: object = None
        refusal: HandwheelError | None = None
        with keyed_calls(key) as filed:
            try:
                result = await tool.run(self.site, given)
            except _REFUSALS as error:
                refusal = error
        known = {result.id: result} if isinstance(result, Request) else {}
        if own := dict.fromkeys([*filed, *known]):
            task = str(config.get("metadata", {}).get(_TASK, ""))
            every = filed_by_node.setdefault(task, {})
            every |= own
            await _wait([known.get(each) or await self.site.request(each) for each in every])
        if refusal is not None:
            raise refusal
        return result

    def _run(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError("a tool of a site is async: use ainvoke and astream")


async def _wait(requests: Sequence[Request]) -> None:
    """Interrupts the graph until all requests of a node are over.

    It does so once at least, since the checkpoint then tells which requests the thread has filed.
    """
    is_over = False
    while not is_over:
        cards = "\n\n".join(each.card() for each in requests)
        interrupt({REQUESTS: [each.id for each in requests], "card": cards})
        is_over = all([(await each.outcome()).is_over for each in requests])


def _key(config: RunnableConfig, call: str | None, arguments: Mapping[str, Any]) -> str:
    """Returns the key of a tool call, the same whenever its node runs again.

    Some models number their calls anew in each answer, so the arguments count too.
    """
    thread = config.get("configurable", {}).get("thread_id")
    if not thread or not call:
        raise InvalidArguments(
            "it files something once for each call, and needs a graph with a checkpointer and a "
            "thread_id"
        )
    given = json.dumps([str(thread), call, arguments], sort_keys=True)
    return sha256(given.encode()).hexdigest()[:_KEY_LENGTH]
