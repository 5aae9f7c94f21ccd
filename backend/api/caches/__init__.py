"""Keeps in memory what is read from the database often and changes seldom."""
