"""The normalizations."""
