"""From a dataset's samples to the batches of each step."""
