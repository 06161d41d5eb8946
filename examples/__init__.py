"""Training runs with generated modules."""
