"""Runs: lists, follows and steers them, and reads their curves and files."""
