"""?backend.domain.experiment"""
