"""?backend.api.caches"""
