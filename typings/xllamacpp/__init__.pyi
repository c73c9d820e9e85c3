class _Model:
    path: str

class _Cpu:
    n_threads: int

class CommonParams:
    model: _Model
    n_ctx: int
    n_parallel: int
    cpuparams: _Cpu
    cpuparams_batch: _Cpu
    api_keys: list[str]
    verbosity: int

class Server:
    def __init__(self, common_params: CommonParams) -> None: ...
    @property
    def listening_address(self) -> str: ...
