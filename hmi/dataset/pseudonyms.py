"""Pseudonyms of people in a data set."""

import re
from collections.abc import Iterable


class Pseudonyms:
    """Pseudonyms such as `person-1`, in the order in which people were named.

    Args:
        people: All who may stand in a text. With none, every name is kept.
    """

    def __init__(self, people: Iterable[str]) -> None:
        names = dict.fromkeys(each for each in people if each)
        self._of = {name: f"person-{n}" for n, name in enumerate(names, 1)}
        self._of_word = {name.casefold(): each for name, each in self._of.items()}
        longest = sorted(map(re.escape, self._of_word), key=len, reverse=True)
        pattern = rf"(?<!\w)({'|'.join(longest)})(?!\w)"
        self._named = re.compile(pattern, re.IGNORECASE) if longest else None

    def of(self, name: str) -> str:
        """Returns the pseudonym of a person."""
        return self._of.get(name, name)

    def hidden(self, text: str) -> str:
        """Returns a text in which known people have pseudonyms, however they are capitalized."""
        if self._named is None:
            return text
        # A letter such as İ matches i, and folds to another.
        return self._named.sub(lambda found: self._of_word.get(found[1].casefold(), "person"), text)
