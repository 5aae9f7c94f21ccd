"""Wall-clock time and ids. Times are shown to people and order what was made; no lease rests on them."""

import uuid
from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)


def new_id() -> str:
    return str(uuid.uuid4())
