"""Looks inside a model while it trains, and says in words what is wrong."""
