"""Components are there before any is named."""

from worker.contracts.component import discover

discover()
