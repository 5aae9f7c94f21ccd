"""The regularizers."""
