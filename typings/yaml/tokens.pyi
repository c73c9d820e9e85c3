from .error import Mark

class ScalarToken:
    def __init__(
        self, value: str, plain: bool, start_mark: Mark, end_mark: Mark, style: str | None = None
    ) -> None: ...
