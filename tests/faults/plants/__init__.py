"""Bugs that the fault tests exist for. A template takes the one that `PLANT` names: it must be caught."""
