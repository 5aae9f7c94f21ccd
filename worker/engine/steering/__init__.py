"""Obeys what people ask of a live run."""
