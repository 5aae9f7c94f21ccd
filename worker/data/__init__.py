"""From published files to tensors and splits."""
