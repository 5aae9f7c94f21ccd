"""Turns rows of tables into answers."""
