"""Charts of studies: one file, one chart."""
