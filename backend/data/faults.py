"""Error for a file that cannot be used."""


class FileInvalid(ValueError):
    """A file that cannot be learnt from, in one sentence that says what would be right; `path` is what was sent."""

    def __init__(self, message: str, path: str = "file") -> None:
        super().__init__(message)
        self.path = path
