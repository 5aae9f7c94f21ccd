"""The spec of a study: its search space, its budget, its check, its commands."""
