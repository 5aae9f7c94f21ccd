"""?backend.api.views"""
