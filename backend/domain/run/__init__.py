"""?backend.domain.run"""
