"""The one exception of this package."""

from collections.abc import Sequence

from client.wire.models import Problem

UNREACHABLE = "Unreachable"
CUT = "Cut"


class LatheError(Exception):
    """Any failure. `str()` of it is a sentence: what is wrong and what would be right.

    `error` is the name that the server gives it, such as `RunNotFound`; `path` is the wrong field, such as
    `stages[1].method.sparsity`. When no server answered, `status` is None and `error` is `Unreachable` (nothing was
    sent) or `Cut` (the server may or may not have done what was asked).
    """

    def __init__(
        self,
        error: str,
        detail: str,
        path: str | None = None,
        *,
        status: int | None = None,
        problems: Sequence[Problem] = (),
    ) -> None:
        super().__init__(detail)
        self.error, self.detail, self.path, self.status = error, detail, path, status
        self.problems = list(problems)
