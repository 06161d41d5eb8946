"""The graphs that everything works on: shapes, operations, nodes, and what checks, runs and prints them."""
