"""Components are there before any is named."""

from worker.component import discover

discover()
