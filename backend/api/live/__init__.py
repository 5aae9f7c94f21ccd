"""?backend.api.live"""
