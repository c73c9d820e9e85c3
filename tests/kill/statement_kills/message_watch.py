"""Watches a gate from the arrival of a message to its answer."""

from aiohttp.web import Request, Response

from handwheel.tools.guardrails.gate.server.messages import MessageDoor

from .trace import Statement, Watch

_ANSWER = Statement("the answer", 0)


def watch_message(watch: Watch, path: str) -> None:
    """Watches the messages that come to a path, for good; the last thing is that one is answered.

    Args:
        watch: Notes what it has seen after each of them.
    """
    take = MessageDoor.take

    async def watched(self: MessageDoor, request: Request) -> Response:
        if request.match_info["path"] != path:
            return await take(self, request)
        await request.read()  # while it comes, the gate does other things
        watch.begin()
        answer = await take(self, request)
        watch.reach(_ANSWER)
        watch.end()
        return answer

    setattr(MessageDoor, "take", watched)  # noqa: B010 (this process has it for good)
