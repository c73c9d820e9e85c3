"""Documents with one canonical text, and those that a person sees and signs."""

from functools import cached_property

from handwheel.connectors.config.validation import Model

from .canonical import canonical, digest


class CanonicalModel(Model):
    """Document with one canonical text."""

    @cached_property
    def text(self) -> str:
        """The canonical text, which is hashed, signed and kept."""
        return canonical(self.model_dump(by_alias=True, exclude_none=True))


class SignedDocument(CanonicalModel):
    """Document that a person sees and signs. Its text is kept beside the decision."""

    @cached_property
    def digest(self) -> str:
        """Digest of the text, which a decision signs as the card."""
        return digest("card", self.text)
