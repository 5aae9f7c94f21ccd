"""The classes and functions that the author of a component meets."""
