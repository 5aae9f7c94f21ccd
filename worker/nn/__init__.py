"""Functions of torch modules."""
