"""The backward pass as another graph: junction rules in reverse topological order."""

from graphgen.autodiff.sweep import differentiate

__all__ = ["differentiate"]
