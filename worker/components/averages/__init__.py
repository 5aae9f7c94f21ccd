"""The averages."""
