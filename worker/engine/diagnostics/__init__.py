"""Diagnostics of a model while it trains, in words."""
