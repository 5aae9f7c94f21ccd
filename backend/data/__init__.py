"""Files that people send: checked within bounds, and turned into plain arrays. Knows NumPy and the spec alone."""
