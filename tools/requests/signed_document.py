"""What a person is shown and signs: a document with one text, which is kept beside the decision."""

from functools import cached_property

from handwheel.connectors.config.validation import Model

from .canonical import canonical, digest


class SignedDocument(Model):
    """A document that a person sees before they sign."""

    @cached_property
    def text(self) -> str:
        """Its one text, which is kept."""
        return canonical(self.model_dump(by_alias=True, exclude_none=True))

    @cached_property
    def digest(self) -> str:
        """The hash of its text, which a decision signs as the card."""
        return digest("card", self.text)
