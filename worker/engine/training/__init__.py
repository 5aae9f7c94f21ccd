"""Trains a model with one recipe, step by step."""
