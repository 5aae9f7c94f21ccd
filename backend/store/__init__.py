"""The only truth: runs, events, results, artifacts and the catalog in one SQL database (SQLite or PostgreSQL)."""
