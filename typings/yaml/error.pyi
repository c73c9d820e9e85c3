class Mark:
    index: int
    line: int
    column: int

class YAMLError(Exception): ...

class MarkedYAMLError(YAMLError):
    context: str | None
    context_mark: Mark | None
    problem: str | None
    problem_mark: Mark | None

    def __init__(
        self,
        context: str | None,
        context_mark: Mark | None,
        problem: str | None,
        problem_mark: Mark | None,
    ) -> None: ...
