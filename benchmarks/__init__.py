"""How fast generated modules are, beside the frameworks and the limit: `python -m benchmarks`."""
