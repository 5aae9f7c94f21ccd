"""The distributions."""
