"""Sparse recovery: one file a solver, written once for any operator and array library."""
