"""?backend.api.staging"""
