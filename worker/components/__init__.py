"""The component families, and nothing else: a folder is a family, a file a component, `_name.py` a helper of its family."""
