"""Local model as an endpoint, in a process of its own."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import httpx

from handwheel.connectors.model.language_models import LocalModel, Method

from .answer import ModelLost
from .exchange import RawAnswer
from .question import Question

_MOST_TOKENS = 200  # of an answer
_PAUSE_S = 0.2
_LONGEST_S = 600.0  # of a call; the pool ends it before
_ERRORS = 2  # the agents' output is for machines
_SERVE = "from handwheel.agents.planning.model.llama_process import serve; serve()"


class LlamaEndpoint:
    """Endpoint of a model in a GGUF file.

    Its process starts with the first question, and ends with `close` and with this process. One
    that has ended is started anew.
    """

    methods: Sequence[Method] = ("json_schema",)

    def __init__(self, spec: LocalModel, root: Path) -> None:
        self._file = str((root / spec.file).absolute())
        self._spec = spec
        self._process: subprocess.Popen[bytes] | None = None
        self._client: httpx.AsyncClient | None = None

    @property
    def process_id(self) -> int | None:
        """ID of its process, `None` if none runs."""
        return self._process.pid if self._process else None

    async def ask(self, question: Question, method: Method) -> RawAnswer:
        """Asks the model. See `Endpoint`."""
        client = self._client or await self._open()
        schema = {"name": "answer", "strict": True, "schema": question.schema}
        body = {
            "messages": [
                {"role": "system", "content": question.system},
                {"role": "user", "content": question.text},
            ],
            "response_format": {"type": method, "json_schema": schema},
            "max_tokens": _MOST_TOKENS, "temperature": 0.0, "seed": 1,
        }  # fmt: skip
        try:
            response = await client.post("/v1/chat/completions", json=body)
        except httpx.HTTPError:
            await self.close()
            raise ModelLost("its process has ended") from None
        if response.is_error:
            raise ModelLost(f"its server answers {response.status_code}")
        found: Any = response.json()
        choice, usage = found["choices"][0], found.get("usage", {})
        tokens = int(usage.get("prompt_tokens", 0)), int(usage.get("completion_tokens", 0))
        return RawAnswer(choice["message"]["content"] or "", choice["finish_reason"], *tokens)

    async def close(self) -> None:
        """Ends its process."""
        process, self._process = self._process, None
        client, self._client = self._client, None
        if process is not None:
            process.kill()
            await asyncio.to_thread(process.wait)
        if client is not None:
            await client.aclose()

    async def _open(self) -> httpx.AsyncClient:
        """Starts the process, and waits until its server says that it is ready."""
        key = token_urlsafe()
        address = await asyncio.to_thread(self._launch, key)
        if not address:
            await self.close()
            raise ModelLost("its process does not start")
        headers = {"Authorization": f"Bearer {key}"}
        self._client = client = httpx.AsyncClient(
            base_url=address, headers=headers, timeout=_LONGEST_S, trust_env=False
        )
        await self._wait_until_healthy(client)
        return client

    def _launch(self, key: str) -> str:
        """Starts the process, and returns its server's address, empty if it has ended."""
        reader, writer = os.pipe()
        settings = {
            "file": self._file, "context": self._spec.context, "threads": self._spec.threads,
            "key": key, "address_to": writer,
        }  # fmt: skip
        try:
            self._process = process = subprocess.Popen(  # noqa: S603 (our own code)
                [sys.executable, "-c", _SERVE], stdin=subprocess.PIPE, stdout=_ERRORS,
                stderr=subprocess.DEVNULL, pass_fds=[writer], start_new_session=True,
            )  # fmt: skip
        finally:
            os.close(writer)
        with os.fdopen(reader) as addresses:
            if process.stdin is not None:
                with suppress(BrokenPipeError), process.stdin as pipe:
                    pipe.write(f"{json.dumps(settings)}\n".encode())
            return addresses.readline().strip()

    async def _wait_until_healthy(self, client: httpx.AsyncClient) -> None:
        while True:
            with suppress(httpx.HTTPError):
                if (await client.get("/health")).is_success:
                    return
            if self._process is None or self._process.poll() is not None:
                await self.close()
                raise ModelLost("its process has ended")
            await asyncio.sleep(_PAUSE_S)
