"""Layers around every request: access control, queueing, and limits on its size."""
