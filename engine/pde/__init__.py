"""Partial differential equations: problems, references, and methods that solve them."""
