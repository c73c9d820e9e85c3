"""Setting of Python's garbage collector for long-running processes."""

import gc


def freeze_heap() -> None:
    """Freezes the heap with `gc.freeze`. Call once, after start-up.

    Now and then the collector looks through all that a process has. With asyncua, pydantic and
    langgraph loaded that is 50 ms and more in which nothing is read, for things that stay anyway.

    Source: Python's gc.freeze; measured in docs/explanation/speed.md.
    """
    gc.collect()
    gc.freeze()
