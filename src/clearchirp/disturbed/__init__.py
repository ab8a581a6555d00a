"""Detectors of disturbed samples, one a file; `catalogue` lists them."""
