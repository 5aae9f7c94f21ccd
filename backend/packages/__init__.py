"""Packages: a model file with everything that a person needs to use it, as one ZIP file."""
