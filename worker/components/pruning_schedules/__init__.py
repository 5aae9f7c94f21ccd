"""The pruning schedules."""
