"""?backend.domain.study"""
