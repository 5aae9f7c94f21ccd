"""Names of 0.1 still work in scripts, and warn."""

import pytest

from client import Lathe, Run, Study, events
from client.runs.steering import Wheel


@pytest.mark.parametrize(
    ("owner", "old", "new"),
    [
        (Lathe, "begin_study", "start_study"),
        (Run, "look", "fetch"),
        (Study, "look", "fetch"),
        (Wheel, "knobs", "live_parameters"),
    ],
)
def test_an_older_method_is_the_new_one(owner: type, old: str, new: str) -> None:
    with pytest.warns(DeprecationWarning, match=f"`{old}` is called `{new}` now"):
        assert getattr(owner, old) is getattr(owner, new)


def test_an_older_class_of_events_is_the_new_one() -> None:
    with pytest.warns(DeprecationWarning, match="`Verdict` is called `Diagnostic` now"):
        assert events.Verdict is events.Diagnostic  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match="Vardict"):
        events.Vardict  # type: ignore[attr-defined]  # noqa: B018
