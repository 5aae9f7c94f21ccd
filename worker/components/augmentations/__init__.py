"""The augmentations."""
