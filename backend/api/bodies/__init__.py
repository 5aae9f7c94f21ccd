"""?backend.api.bodies"""
