"""The web service: specs, the store, charts and the REST API. Never imports torch, never imports worker."""

__version__ = "0.2.0"  # of the whole project: pyproject.toml and the API read it here
