"""Losses, each a mean over all elements or examples, and attention."""

from __future__ import annotations

from graphgen.errors import ShapeError
from graphgen.ir.node import Node, make
from graphgen.ir.op import sample
from graphgen.ir.shape import axis_from_end
from graphgen.ops.composite import composite


@composite(sample("mean_squared_error(p, target)", p=(3, 4), target=(3, 4)))
def mean_squared_error(prediction: Node, target: Node) -> Node:
    """The mean of (prediction - target)²."""
    return make.mean(make.square(prediction - target))


@composite(sample("mean_absolute_error(p, target)", p=(3, 4), target=(3, 4)))
def mean_absolute_error(prediction: Node, target: Node) -> Node:
    """The mean of |prediction - target|."""
    return make.mean(make.abs(prediction - target))


@composite(
    sample("huber(p, target)", p=(3, 4), target=(3, 4)),
    sample("huber(p, target, delta=0.3)", p=(3, 4), target=(3, 4)),
)
def huber(prediction: Node, target: Node, *, delta: float = 1.0) -> Node:
    """The mean of d²/2 where d = |prediction - target| is at most delta, else delta (d - delta/2) (Huber, 1964)."""
    distance = make.abs(prediction - target)
    near = make.minimum(distance, delta)
    return make.mean(near * (distance - 0.5 * near))


@composite(sample("binary_cross_entropy(p, target)", 0.1, 0.9, p=(3, 4), target=(3, 4)))
def binary_cross_entropy(probability: Node, target: Node) -> Node:
    """The mean cross-entropy of probabilities against targets from 0 to 1; of scores, take the one of logits."""
    return -make.mean(target * make.log(probability) + (1 - target) * make.log1p(-probability))


@composite(sample("binary_cross_entropy_logits(score, target)", score=(3, 4), target=(3, 4)))
def binary_cross_entropy_logits(score: Node, target: Node) -> Node:
    """The mean cross-entropy of sigmoid(score) against targets from 0 to 1, for scores of any size."""
    return make.mean(make.softplus(score) - target * score)


@composite(
    sample("cross_entropy(scores, target)", scores=(3, 4), target=(3, 4)),
    sample("cross_entropy(scores, i)", scores=(3, 4), i=(3,), integers={"i": 4}),
    sample("cross_entropy(scores, i, axis=0)", scores=(4, 3), i=(3,), integers={"i": 4}),
    keeps_integers=True,
)
def cross_entropy(scores: Node, target: Node, *, axis: int = -1) -> Node:
    """The mean cross-entropy of softmax(scores) along an axis against class numbers, or one-hot or soft targets."""
    return make.negative_log_likelihood(make.log_softmax(scores, axis=axis), target, axis=axis)


@composite(
    sample("negative_log_likelihood(log_p, target)", log_p=(3, 4), target=(3, 4)),
    sample("negative_log_likelihood(log_p, i)", log_p=(3, 4), i=(3,), integers={"i": 4}),
    keeps_integers=True,
)
def negative_log_likelihood(log_probability: Node, target: Node, *, axis: int = -1) -> Node:
    """The mean of minus the logarithm of the target's probability; targets as for cross_entropy."""
    if target.dtype == "int":
        target = make.one_hot(target, n=log_probability.shape[axis], axis=axis)
    if target.shape != log_probability.shape:
        raise ShapeError(
            "integers", "the targets are class numbers (integers, one axis fewer) or have the shape of the scores"
        )
    axis = axis_from_end(axis, len(log_probability.shape))
    return -make.mean(make.sum(target * log_probability, axis=axis))


@composite(sample("kl_divergence(p, q)", 0.1, 0.9, p=(3, 4), q=(3, 4)))
def kl_divergence(p: Node, q: Node, *, axis: int = -1) -> Node:
    """The mean over the rest of sum(p log(p / q)) along an axis: how far q is from p (Kullback and Leibler, 1951)."""
    return make.mean(make.sum(p * (make.log(p) - make.log(q)), axis=axis))


@composite(sample("hinge(score, target)", score=(3, 4), target=(3, 4)))
def hinge(score: Node, target: Node) -> Node:
    """The mean of max(0, 1 - target score), targets being -1 and 1."""
    return make.mean(make.maximum(1 - target * score, 0))


@composite(
    sample("attention(q, k, v)", q=(2, 3, 4), k=(2, 5, 4), v=(2, 5, 2)),
    sample("attention(q, k, v, keep > 0)", q=(3, 4), k=(3, 4), v=(3, 2), keep=(3, 3)),
    keeps_integers=True,
)
def attention(q: Node, k: Node, v: Node, mask: Node | None = None) -> Node:
    """softmax(q kᵀ / sqrt(d)) v for rows q, k and v of any number of heads (Vaswani et al., 2017).

    Where the mask is false a query does not see the key; one that sees none gets the mean of v.
    """
    scores = q @ make.transpose(k, axes=(-1, -2)) / make.sqrt(make.size(dim=q.shape[-1]))
    if mask is not None:
        if mask.dtype != "bool":
            raise ShapeError("condition", "the mask must be booleans: a comparison, or an input of dtype bool")
        scores = make.where(mask, scores, -1e9)
    return make.softmax(scores) @ v
