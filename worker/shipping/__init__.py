"""Files that ship: the steps around a model, and the facts that a file tells of itself."""
