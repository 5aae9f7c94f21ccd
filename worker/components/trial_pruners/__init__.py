"""The trial pruners."""
