"""?backend.api.middleware"""
