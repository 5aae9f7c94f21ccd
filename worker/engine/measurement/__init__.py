"""Measures the result of a stage, on the files as they ship."""
