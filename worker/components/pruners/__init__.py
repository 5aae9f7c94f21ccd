"""The pruners."""
