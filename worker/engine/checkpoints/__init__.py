"""Writes the state of a run so that it goes on exactly, and reads it back."""
