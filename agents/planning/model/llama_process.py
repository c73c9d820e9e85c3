"""Process of a local model, which llama.cpp serves on a loopback port."""

import json
import os
import sys
from threading import Thread
from time import sleep

_POLITE = 10  # of `nice`, so that the agents come first
_LOOK_S = 1.0


def serve() -> None:
    """Serves a model until the parent ends. Settings are a line of JSON on standard input.

    It prints the address of the server, which may not be ready to answer yet.
    """
    settings = json.loads(sys.stdin.readline())
    parent = os.getppid()
    Thread(target=_end_with, args=(parent,), daemon=True).start()
    os.nice(_POLITE)
    from xllamacpp import CommonParams, Server

    params = CommonParams()
    params.model.path = settings["file"]
    params.n_ctx = settings["context"]
    params.n_parallel = 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = settings["threads"]
    params.api_keys = [settings["key"]]
    params.verbosity = 0
    server = Server(params)
    os.write(settings["address_to"], f"{server.listening_address}\n".encode())
    while True:
        sleep(_LOOK_S)


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        sleep(_LOOK_S)
    os._exit(1)
