"""The engine: runs a pipeline. It knows families, never a named component."""
