"""Labels of a column: the different texts in it, counted as they are written."""

from collections import Counter
from collections.abc import Sequence

from backend.domain.experiment.upload_plan import MOST_CATEGORIES

LONGEST = 200  # characters of a label, where there are many: longer texts are no classes


class Labels:
    """Texts, numbered in the order in which they first come. `counts` is None once there are more than `most`."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.counts: dict[str, int] | None = {}
        self._numbers: dict[str, int] = {}

    def code(self, texts: Sequence[str]) -> Sequence[int]:
        """The number of each text, zeros once there are too many."""
        if self.counts is None:
            return [0] * len(texts)
        for text, count in Counter(texts).items():
            self._numbers.setdefault(text, len(self._numbers))
            self.counts[text] = self.counts.get(text, 0) + count
        codes = list(map(self._numbers.__getitem__, texts))
        many = len(self._numbers) > MOST_CATEGORIES
        if len(self._numbers) > self.most or (many and max(map(len, self._numbers)) > LONGEST):
            self.counts = None
        return codes
