"""The base class of each component family, in a file of the family's name."""
