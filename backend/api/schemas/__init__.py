"""?backend.api.schemas"""
