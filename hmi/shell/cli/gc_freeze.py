"""What a process that stays has to do with Python's garbage collector."""

import gc


def freeze_heap() -> None:
    """Takes what there is now out of the collector's sight; for once, when a process is ready.

    Now and then the collector looks through all that a process has. With asyncua, pydantic and
    langgraph loaded that is 50 ms and more in which nothing is read, for things that stay anyway.

    Source: Python's gc.freeze; measured in docs/explanation/speed.md.
    """
    gc.collect()
    gc.freeze()
