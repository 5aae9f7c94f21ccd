"""Figures and tables that a run leaves beside its points."""
