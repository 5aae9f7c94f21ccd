"""A thin client of Lathe's REST API, for notebooks and scripts: `from client import Lathe`. See docs/client.md."""

from client.errors import LatheError
from client.lathe import Lathe
from client.run import Run
from client.states import RunState
from client.studies import Study
from client.submission import Submission

__all__ = ["Lathe", "LatheError", "Run", "RunState", "Study", "Submission"]
