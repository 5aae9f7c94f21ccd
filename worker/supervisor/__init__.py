"""The Celery side of a worker: claims runs, keeps their leases, writes their events, reaps. Never imports torch."""
