"""Reads request bodies: documents as JSON or YAML, and files as they arrive."""
