"""Parts that every process of the worker needs. Imports no torch."""
