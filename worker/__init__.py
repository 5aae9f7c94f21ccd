"""The GPU worker: a Celery process that supervises one warm trainer process."""
