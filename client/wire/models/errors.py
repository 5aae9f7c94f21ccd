"""Models of the server's answers, auto-generated from frontend/openapi.json by `make client`: do not edit."""

from client.wire.base import Reply


class Problem(Reply):
    """One mistake: where it is and what would be right."""

    path: str
    """The field, such as `stages[1].method.sparsity`; empty for the whole spec."""
    message: str
    """One sentence: what is wrong and what would be right."""


class Error(Reply):
    """Answer of every failed request."""

    error: str
    """Name of the error, such as `RunNotFound`."""
    detail: str
    """One sentence: what is wrong and what would be right."""
    path: str | None = None
    """The field that is wrong, such as `stages[1].method.sparsity`."""
    problems: list[Problem] = []
    """Everything that is wrong, when that is more than one thing."""
