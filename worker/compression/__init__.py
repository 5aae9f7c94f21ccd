"""Algorithms that several families share: masks, grids of numbers, searches, distillation."""
