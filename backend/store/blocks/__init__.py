"""Points of finished stretches of runs, compacted."""
