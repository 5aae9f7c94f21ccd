"""Bugs that the fault tests exist for. A worker of a director takes the one that `PLANT` names: it must be caught."""
