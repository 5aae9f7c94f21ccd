"""Processes of ours, for the tests that look at them from outside."""
