"""The preparations."""
