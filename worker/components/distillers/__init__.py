"""The distillers."""
