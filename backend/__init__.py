"""The web service: specs, the store, charts and the REST API. Never imports torch, never imports worker."""
