"""graphgen: forward equations in, a readable NumPy-only module with its backward pass out."""

__version__ = "0.1.0"
