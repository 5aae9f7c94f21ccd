"""Client of Lathe's REST API for notebooks and scripts: `from client import Lathe`. See docs/client.md."""

from client.errors import LatheError
from client.lathe import Lathe
from client.runs.run import Run
from client.studies import Study
from client.submission import Submission
from client.wire.models import RunState

__all__ = ["Lathe", "LatheError", "Run", "RunState", "Study", "Submission"]
