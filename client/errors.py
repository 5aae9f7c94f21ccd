"""The one exception of this package."""

from collections.abc import Sequence

from client.wire.models import Problem

UNREACHABLE = "Unreachable"
CUT = "Cut"


class LatheError(Exception):
    """Something that could not be done; `str()` of it is a sentence that says what is wrong and what would be right.

    `error` is the server's name for it, such as `RunNotFound`, and `path` the field that is wrong, such as
    `stages[1].method.sparsity`. Where no server answered, `error` is `Unreachable` (nothing was sent) or `Cut` (it is
    not known whether the server acted), and `status` is None.
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
