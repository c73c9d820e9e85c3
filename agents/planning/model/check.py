"""Check of the models of a site, none of which is asked."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from handwheel.connectors.config.secrets import resolve_secret
from handwheel.connectors.config.yaml_documents import read_document
from handwheel.connectors.errors import NotConnected, Problem, os_reason
from handwheel.connectors.model.language_models import ChatModel, LanguageModel, LocalModel
from handwheel.connectors.model.site import SITE_FILE, Site

from .langchain_endpoint import create_chat_model

_GGUF = b"GGUF"
_EXTRAS = {"langchain": ("langchain", "llm"), "llama": ("xllamacpp", "local-llm")}


def model_problems(site: Site) -> Iterator[Problem]:
    """Yields each model that cannot be used here, with its place in `site.yaml`."""
    document = read_document(site.root / SITE_FILE)
    for number, spec in enumerate(site.models):
        for key, reason in _faults(spec, site.root):
            path = ("models", number, key)
            yield document.problem(path, f"model {spec.name}: {reason}")


def _faults(spec: LanguageModel, root: Path) -> Iterator[tuple[str, str]]:
    """Yields the key that is at fault, and why."""
    module, extra = _EXTRAS[spec.kind]
    if find_spec(module) is None:
        yield "kind", f"{module} is not installed; install handwheel[{extra}]"
    elif isinstance(spec, ChatModel):
        yield from _chat_faults(spec, root)
    if isinstance(spec, LocalModel) and (reason := _file_fault(root / spec.file)):
        yield "file", reason


def _chat_faults(spec: ChatModel, root: Path) -> Iterator[tuple[str, str]]:
    if spec.secret:
        try:
            resolve_secret(spec.secret, root, spec.name)
        except NotConnected as error:
            yield "secret", error.endpoints[spec.name]
            return
    try:
        create_chat_model(spec, root)
    except Exception as error:  # noqa: BLE001 (code of others)
        words = " ".join(f"{type(error).__name__}: {error}".split())
        yield "model", words[:300]


def _file_fault(path: Path) -> str:
    try:
        with path.open("rb") as file:
            begins = file.read(len(_GGUF))
    except OSError as error:
        return f"{path}: {os_reason(error)}"
    return "" if begins == _GGUF else f"{path} is no GGUF file"
