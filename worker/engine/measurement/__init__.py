"""Measures what a stage left, on the files as they ship."""
