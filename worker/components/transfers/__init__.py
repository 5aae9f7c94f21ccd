"""The transfers."""
