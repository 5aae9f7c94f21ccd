"""The spec of an experiment: its fields, its check, its canonical form, its variants."""
