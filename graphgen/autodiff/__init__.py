"""The backward pass as another graph: junction rules in reverse topological order."""

from graphgen.autodiff.sweep import Step, differentiate

__all__ = ["Step", "differentiate"]
