"""Runs: listed, looked at, followed, steered, and the curves and files that they leave."""
