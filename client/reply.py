"""Base of the types that the server's answers are parsed into."""

from pydantic import BaseModel, ConfigDict


class Reply(BaseModel):
    """Part of an answer. Fields that a newer server adds are ignored; "NaN" and "Infinity" become numbers."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())
