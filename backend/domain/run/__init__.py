"""States, events, commands and results of a run."""
